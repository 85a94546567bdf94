// The life of every service and supervisor, drawn by hand: the chart of `kernel/lifecycle.ts` as data (a test holds the two together) and
// a place for everything in it, so that no arrow crosses another. What leads to `stopped` by force runs along the sides.
import type { Chart, ChartEdge, ChartNode } from '../../../protocol/chart.js'
import type { Area, Drawing, DrawnArrow, DrawnState, LabelLine, Point } from './drawing.js'
import { LINE } from './wording.js'

const ROOT = 'service'
const DRAINING = `${ROOT}.draining`

/** The states of a life by their names in facts and pictures. */
export const LIFE_IDS = {
  starting: `${ROOT}.starting`,
  ready: `${ROOT}.ready`,
  cancelling: `${DRAINING}.cancelling`,
  settling: `${DRAINING}.settling`,
  closing: `${DRAINING}.closing`,
  stopped: `${ROOT}.stopped`,
} as const

function node(id: string, kind: ChartNode['kind'], more: Partial<ChartNode> = {}): ChartNode {
  const cut = id.lastIndexOf('.')
  const around = cut < 0 ? undefined : { parent: id.slice(0, cut) }
  return { id, key: id.slice(cut + 1), ...around, kind, tags: [], entry: [], exit: [], invokes: [], ...more }
}

function edges(from: keyof typeof LIFE_IDS, events: Readonly<Record<string, readonly [keyof typeof LIFE_IDS, ...string[]]>>): ChartEdge[] {
  return Object.entries(events).map(([event, [to, ...actions]]) => ({
    from: LIFE_IDS[from],
    to: LIFE_IDS[to],
    label: event,
    event,
    actions,
  }))
}

/** The same as the kernel's. */
export const lifeChart: Chart = {
  id: ROOT,
  nodes: [
    node(ROOT, 'compound', { initial: LIFE_IDS.starting }),
    node(LIFE_IDS.starting, 'atomic', { entry: ['start'] }),
    node(LIFE_IDS.ready, 'atomic', { tags: ['ready'] }),
    node(DRAINING, 'compound', { initial: LIFE_IDS.settling, entry: ['refuse'] }),
    node(LIFE_IDS.cancelling, 'atomic', { entry: ['abortStart'] }),
    node(LIFE_IDS.settling, 'atomic', { entry: ['settle'] }),
    node(LIFE_IDS.closing, 'atomic', { entry: ['close'] }),
    node(LIFE_IDS.stopped, 'final', { entry: ['ackStopped'] }),
  ],
  edges: [
    ...edges('starting', {
      started: ['ready', 'ackStarted'],
      failed: ['stopped'],
      stop: ['cancelling'],
      crash: ['cancelling'],
      expired: ['cancelling'],
      kill: ['stopped', 'abort', 'letGo'],
    }),
    ...edges('ready', { stop: ['settling'], ended: ['closing'], crash: ['closing'], kill: ['stopped', 'abort', 'letGo'] }),
    ...edges('cancelling', { started: ['closing'], failed: ['stopped'], expired: ['stopped', 'letGo'], kill: ['stopped', 'letGo'] }),
    ...edges('settling', {
      settled: ['closing'],
      crash: ['closing'],
      hurry: ['closing', 'abort'],
      expired: ['closing', 'abort'],
      kill: ['stopped', 'abort', 'letGo'],
    }),
    ...edges('closing', { closed: ['stopped'], expired: ['stopped', 'abort', 'letGo'], kill: ['stopped', 'abort', 'letGo'] }),
  ],
}

// --- places

const LEFT = 14
const RIGHT = 384
const BOX = 44
const CHAR = 6.7

function state(id: string, [x, y, width]: readonly [number, number, number], words: string): DrawnState {
  const area = { x, y, width, height: BOX }
  const lines = [
    { text: id.slice(id.lastIndexOf('.') + 1), style: 'key' },
    { text: words, style: 'line' },
  ] as const
  return { id, ...area, heading: area, lines, isRegion: false }
}

const draining: DrawnState = {
  id: DRAINING,
  x: 34,
  y: 222,
  width: 298,
  height: 238,
  heading: { x: 46, y: 229, width: 64, height: 33 },
  lines: [
    { text: 'draining', style: 'key' },
    { text: 'refuses', style: 'line' },
  ],
  isRegion: false,
}

function points(...flat: readonly number[]): Point[] {
  return flat.flatMap((x, index) => (index % 2 === 0 ? [{ x, y: flat[index + 1] ?? 0 }] : []))
}

function labelAround([x, y]: readonly [number, number], lines: readonly LabelLine[]): Area {
  const width = Math.ceil(Math.max(0, ...lines.map(({ text }) => text.length)) * CHAR) + 10
  const height = lines.length * LINE.label + 2
  return { x: x - width / 2, y: y - height / 2, width, height }
}

type Way = readonly [from: keyof typeof LIFE_IDS, to: keyof typeof LIFE_IDS, label: readonly [number, number], path: readonly Point[]]

const ways: readonly Way[] = [
  ['starting', 'ready', [236, 103], points(236, 78, 236, 128)],
  ['starting', 'cancelling', [134, 102], points(176, 56, 134, 56, 134, 276)],
  ['starting', 'stopped', [340, 56], points(296, 56, RIGHT, 56, RIGHT, 548, 252, 548)],
  ['ready', 'settling', [256, 197], points(256, 172, 256, 276)],
  ['ready', 'closing', [177, 197], points(177, 172, 177, 400)],
  ['ready', 'stopped', [342, 150], points(300, 150, RIGHT, 150, RIGHT, 548, 252, 548)],
  ['cancelling', 'closing', [112, 360], points(112, 320, 112, 400)],
  ['cancelling', 'stopped', [72, 548], points(50, 298, LEFT, 298, LEFT, 548, 132, 548)],
  ['settling', 'closing', [256, 360], points(256, 320, 256, 400)],
  ['settling', 'stopped', [357, 298], points(316, 298, RIGHT, 298, RIGHT, 548, 252, 548)],
  ['closing', 'stopped', [192, 493], points(192, 444, 192, 526)],
]

/** Where everything in the chart of a life is. */
export const lifeDrawing: Drawing = {
  width: 396,
  height: 582,
  states: [
    state(LIFE_IDS.starting, [176, 34, 120], 'runs its start'),
    state(LIFE_IDS.ready, [152, 128, 148], 'accepts work'),
    draining,
    state(LIFE_IDS.cancelling, [50, 276, 108], 'calls it off'),
    state(LIFE_IDS.settling, [196, 276, 120], 'finishes work'),
    state(LIFE_IDS.closing, [84, 400, 216], 'releases what it holds'),
    state(LIFE_IDS.stopped, [132, 526, 120], 'acknowledged'),
  ],
  arrows: ways.map(([from, to, label, path]): DrawnArrow => {
    const lines = lifeChart.edges.flatMap((edge, index) =>
      edge.from === LIFE_IDS[from] && edge.to === LIFE_IDS[to] ? [{ edge: index, text: edge.label }] : [],
    )
    return { from: LIFE_IDS[from], to: LIFE_IDS[to], path, label: labelAround(label, lines), lines }
  }),
  beginnings: [
    { from: { x: 196, y: 16 }, to: { x: 196, y: 34 } },
    { from: { x: 212, y: 258 }, to: { x: 212, y: 276 } },
  ],
  dividers: [],
}
