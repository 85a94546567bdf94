// A running tree as a table: names in its shape, then what there is to say, in columns. A column in which nobody has anything is left
// out; where the width does not suffice, so are the least telling ones.
import type { TreeNode } from '../../tree/tree-node.js'
import { cut, type Line, lengthOf, padTo, span, type Tone } from '../paint.js'
import { count } from '../text.js'
import { type Row, servicesIn, sumOf } from './folding.js'
import { flightOf, healthOf, leaderOf, refusedOf, restartsOf, runOf, stateOf, toneOf } from './words.js'

interface Column {
  readonly title: string
  readonly side: 'left' | 'right'
  readonly of: (node: TreeNode) => Line
  /** The least telling one goes first; 0 stays. One in which nothing is out of the ordinary goes before all others. */
  readonly dispensable: number
}

const COLUMNS: readonly Column[] = [
  { title: 'state', side: 'right', of: (node) => [span(stateOf(node), toneOf(node))], dispensable: 0 },
  { title: 'run', side: 'left', of: runOf, dispensable: 4 },
  { title: 'restarts', side: 'right', of: restartsOf, dispensable: 1 },
  { title: 'in flight', side: 'left', of: flightOf, dispensable: 0 },
  { title: 'refused', side: 'left', of: refusedOf, dispensable: 5 },
  { title: 'missed', side: 'left', of: healthOf, dispensable: 3 },
  { title: 'leader', side: 'right', of: leaderOf, dispensable: 2 },
]
const GAP = 2
// Names are cut before columns go, but not further than this.
const NAME_LEAST = 20

/** How the names are shown. */
export interface TableOptions {
  readonly width: number
  /** A service by its address instead of its place in the tree. */
  readonly flat?: boolean
}

/** The table, its titles first. */
export function drawTable(rows: readonly Row[], { width, flat = false }: TableOptions): Line[] {
  const nodes = rows.flatMap(({ node }) => node ?? [])
  const names = rows.map((row) => nameOf(row, flat))
  const nameNeeded = Math.max('service'.length, ...rows.flatMap(({ node }, at) => (node === undefined ? [] : [lengthOf(names[at] ?? [])])))
  const columns = fitting(
    COLUMNS.map((column) => measured(column, nodes)).filter(({ width: needed }) => needed > 0),
    width - Math.min(nameNeeded, NAME_LEAST),
  )
  const taken = columns.reduce((sum, column) => sum + GAP + column.width, 0)
  const nameWidth = Math.min(nameNeeded, Math.max(0, width - taken))
  const line = (name: Line, cells: readonly Line[]): Line => [
    ...padTo(cut(name, nameWidth), nameWidth),
    ...columns.flatMap((column, at) => [span(' '.repeat(GAP)), ...padTo(cells[at] ?? [], column.width, column.side)]),
  ]
  return [
    line(
      [span('service', 'faint')],
      columns.map(({ title }) => [span(title, 'faint')]),
    ),
    ...rows.map(({ node }, at) => {
      const name = names[at] ?? []
      if (node === undefined) return cut(name, width)
      return line(
        name,
        columns.map((column) => column.of(node)),
      )
    }),
  ]
}

interface Measured extends Column {
  readonly width: number
}

const ORDINARY = 10
const TELLING: ReadonlySet<Tone> = new Set<Tone>(['good', 'busy', 'bad'])

function measured(column: Column, nodes: readonly TreeNode[]): Measured {
  const { title, of, dispensable } = column
  const cells = nodes.map(of)
  const widest = cells.reduce((most, cell) => Math.max(most, lengthOf(cell)), 0)
  const isOrdinary = dispensable > 0 && !cells.some((cell) => cell.some(({ tone }) => tone !== undefined && TELLING.has(tone)))
  return { ...column, width: widest === 0 ? 0 : Math.max(widest, title.length), dispensable: dispensable + (isOrdinary ? ORDINARY : 0) }
}

function fitting(columns: readonly Measured[], width: number): readonly Measured[] {
  if (columns.reduce((sum, column) => sum + GAP + column.width, 0) <= width) return columns
  const least = columns.reduce((most, { dispensable }) => Math.max(most, dispensable), 0)
  return least === 0
    ? columns
    : fitting(
        columns.filter(({ dispensable }) => dispensable !== least),
        width,
      )
}

function nameOf({ lead, node, folded }: Row, flat: boolean): Line {
  if (node === undefined) return [span(lead, 'faint'), span(`… ${folded.length} more: ${sumOf(folded)}`, 'faint')]
  const name = flat ? node.address : node.id
  const below = folded.length === 0 ? [] : [span(`  ${count(servicesIn(folded).length, 'service')} below`, 'faint')]
  return [...(flat ? [] : [span(lead, 'faint')]), span(name, node.kind === 'supervisor' ? 'strong' : undefined), ...below]
}
