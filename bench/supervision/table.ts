// The figures as Markdown: quiesce beside OTP with ratios and targets, then the other peers.
import { type Figure, type Figures, type Node, OTHERS, onNode } from './runs.ts'

interface Row {
  readonly title: string
  readonly unit: 'µs' | 'B'
  readonly measure: string
  readonly count: number
  readonly name: string
  /** The most that the ratio to OTP may be. */
  readonly target?: (node: Node) => number | undefined
}

const isNew = ({ version }: Node): boolean => Number(version.split('.')[0]) >= 24
const each = (count: number): string => `of ${count.toLocaleString('en').replaceAll(',', ' ')}`

const ROWS: readonly Row[] = [
  ...[1_000, 10_000, 100_000].flatMap((count): Row[] => [
    { title: `start with ack, a child ${each(count)}`, unit: 'µs', measure: 'start-stop', count, name: 'start' },
    { title: `ordered stop with ack, a child ${each(count)}`, unit: 'µs', measure: 'start-stop', count, name: 'stop' },
    {
      title: `start + stop, a child ${each(count)}`,
      unit: 'µs',
      measure: 'start-stop',
      count,
      name: 'both',
      ...(count === 100_000 ? { target: (node: Node) => (isNew(node) ? 0.6 : 1) } : {}),
    },
  ]),
  ...[1, 100, 10_000, 100_000].map(
    (count): Row => ({
      title: `crash → ready again, one ${each(count)}, p50`,
      unit: 'µs',
      measure: 'restart',
      count,
      name: 'p50',
      ...(count === 10_000 ? { target: () => 0.8 } : {}),
    }),
  ),
  { title: 'one-for-all, the whole group of 100, p50', unit: 'µs', measure: 'group', count: 100, name: 'p50' },
  { title: 'heap, an idle child of 100 000', unit: 'B', measure: 'heap', count: 100_000, name: 'bytes', target: () => 0.55 },
  {
    title: '`ask` with a timeout, one after another',
    unit: 'µs',
    measure: 'ask',
    count: 1,
    name: 'ask',
    target: (node) => (isNew(node) ? 1 : undefined),
  },
  { title: '`ask` with a timeout, 1 000 in flight', unit: 'µs', measure: 'ask', count: 1, name: 'asks' },
]

/** The tables of a run. */
export function tables(figures: Figures, nodes: readonly Node[]): string {
  return [mainTable(figures, nodes), growthTable(figures, nodes), partsTable(figures, nodes), othersTable(figures, nodes)].join('\n\n')
}

function mainTable(figures: Figures, nodes: readonly Node[]): string {
  const heads = nodes.flatMap(({ version }) => [`quiesce, Node ${version}`, 'ratio to OTP', 'target'])
  const rows = ROWS.map((row) => {
    const otp = figures.of('otp', row.measure, row.count, row.name)
    const cells = nodes.flatMap((node) => {
      const ours = figures.of(onNode('quiesce', node), row.measure, row.count, row.name)
      return [show(ours), showRatio(ours, otp), verdict(ours, otp, row.target?.(node))]
    })
    return [`${row.title}, ${row.unit}`, show(otp), ...cells]
  })
  return grid(['', 'OTP', ...heads], rows)
}

/** How the cost of one grows with the number of its siblings. */
function growthTable(figures: Figures, nodes: readonly Node[]): string {
  const everybody = ['otp', ...nodes.map((node) => onNode('quiesce', node))]
  const growth = (title: string, row: Pick<Row, 'measure' | 'name'>, from: number, limit: number): string[][] => [
    [
      title,
      ...everybody.map((who) => {
        const large = figures.of(who, row.measure, 100_000, row.name)
        const small = figures.of(who, row.measure, from, row.name)
        return `${showRatio(large, small)}${who === 'otp' ? '' : ` ${verdict(large, small, limit)}`}`
      }),
    ],
  ]
  return grid(
    ['growth', ...everybody],
    [
      ...growth('start + stop, a child of 100 000 over one of 1 000', { measure: 'start-stop', name: 'both' }, 1_000, 1.5),
      ...growth('restart among 100 000 over one alone', { measure: 'restart', name: 'p50' }, 1, 1.5),
    ],
  )
}

function partsTable(figures: Figures, nodes: readonly Node[]): string {
  const parts = [
    ['`createSystem`, a child of 100 000, µs (part of its start)', 'start-stop', 'layout'],
    ['heap: definition, B', 'heap', 'definition'],
    ['heap: place and roster, B', 'heap', 'layout'],
    ['heap: slot, incarnation, actor, B', 'heap', 'running'],
  ] as const
  const rows = parts.map(([title, measure, name]) => [
    title,
    ...nodes.map((node) => show(figures.of(onNode('quiesce', node), measure, 100_000, name))),
  ])
  return grid(['parts of quiesce', ...nodes.map(({ version }) => `Node ${version}`)], rows)
}

function othersTable(figures: Figures, nodes: readonly Node[]): string {
  const heads = nodes.flatMap(({ version }) => ['start + stop', 'ratio to OTP', 'heap'].map((head) => `${head}, Node ${version}`))
  const rows = ['quiesce', ...OTHERS].flatMap((peer) =>
    [1_000, 10_000, 100_000].map((count) => [
      `${peer}, ${each(count).slice(3)} children`,
      ...nodes.flatMap((node) => {
        const ours = figures.of(onNode(peer, node), 'start-stop', count, 'both')
        const heap = figures.of(onNode(peer, node), 'heap', count, 'bytes')
        return [show(ours), showRatio(ours, figures.of('otp', 'start-stop', count, 'both')), show(heap)]
      }),
    ]),
  )
  return grid(['others (µs, B)', ...heads], rows)
}

function show(figure: Figure | undefined): string {
  return figure === undefined ? '–' : `${round(figure.best)} (${round(figure.typical)})`
}

function showRatio(one: Figure | undefined, other: Figure | undefined): string {
  if (one === undefined || other === undefined) return '–'
  return `**${(one.best / other.best).toFixed(2)}** (${(one.typical / other.typical).toFixed(2)})`
}

function verdict(ours: Figure | undefined, otp: Figure | undefined, most: number | undefined): string {
  if (most === undefined) return ''
  if (ours === undefined || otp === undefined) return `≤ ${most}`
  return `≤ ${most} ${ours.best / otp.best <= most ? 'met' : 'missed'}`
}

function round(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2)
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
