// The picture of a daemon for a terminal of a certain size: who it is, its services, the latest facts; while it stops, who is not done
// and why. Pure: what there is and how somebody looks at it, in; lines, out.

import type { Picture } from '../../observe/picture/picture.js'
import { columnsOf } from '../../observe/report/text-width.js'
import type { FactFrame } from '../../observe/watch/frames.js'
import type { TreeNode } from '../../tree/tree-node.js'
import { wordsOf } from '../live/fact-words.js'
import { type Row, rowsOf, urgencyOf } from '../live/folding.js'
import { headline, type Standing, summary } from '../live/headline.js'
import { everyNode } from '../live/place.js'
import { drawTable } from '../live/table.js'
import { fromEnd, type Line, lengthOf, padTo, span } from '../paint.js'
import type { Look, Order } from './look.js'
import { drawStopping } from './stopping-view.js'

/** What is shown. */
export interface Shown {
  readonly picture: Picture
  /** First to last; the latest of them are shown. */
  readonly facts: readonly FactFrame[]
  /** On the clock of the facts. */
  readonly now: number
  /** What is wrong with the line to the daemon. */
  readonly trouble: string | undefined
  readonly look: Look
}

/** How much room there is. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The picture, and how many lines its list has and shows. */
export interface Drawn {
  readonly lines: readonly Line[]
  readonly page: number
  readonly count: number
}

const FACTS_AT_MOST = 8
const CHILDREN_LEAST = 8

/** Draws all of it; never more lines than there are rows. */
export function drawTop(shown: Shown, size: Size): Drawn {
  const { picture, trouble, now } = shown
  const { columns, rows } = size
  const isStopping = picture.phase === 'stopping' || picture.phase === 'stopped'
  const tree = picture.tree()
  const standing: Standing | undefined = isStopping ? { word: picture.phase, tone: 'busy' } : undefined
  const head = [
    headline({ daemon: picture.state.daemon, tree, at: now }, columns, standing),
    trouble === undefined ? summary(tree) : [span(trouble, 'bad')],
    [],
  ]
  // The last line is for the keys.
  const room = Math.max(0, rows - head.length - 1)
  const facts = latest(shown, Math.min(FACTS_AT_MOST, Math.floor(room / 3)), columns)
  const { body, page, count } = isStopping ? stopping(shown, size, room - facts.length) : services(shown, tree, size, room - facts.length)
  const gap = Array.from({ length: Math.max(0, room - body.length - facts.length) }, (): Line => [])
  const lines = [...head, ...body, ...gap, ...facts].slice(0, Math.max(0, rows - 1))
  return { lines: [...lines, keys(shown, { isStopping, scrolls: page < count, columns })], page, count }
}

interface Body {
  readonly body: readonly Line[]
  readonly page: number
  readonly count: number
}

function stopping({ picture, now, look }: Shown, { columns }: Size, room: number): Body {
  const { head, list } = drawStopping(picture, now, columns)
  const page = Math.max(1, room - head.length)
  const from = Math.min(look.from, Math.max(0, list.length - page))
  return { body: [...head, ...list.slice(from, from + page)], page, count: list.length }
}

function services({ look }: Shown, tree: TreeNode, { columns }: Size, room: number): Body {
  const page = Math.max(1, room - 1)
  const isTree = look.order === 'tree'
  const children = look.all ? Number.POSITIVE_INFINITY : Math.max(CHILDREN_LEAST, Math.floor(page / 2))
  const rows = isTree ? rowsOf(tree, { depth: Number.POSITIVE_INFINITY, children }) : sorted(tree, look.order)
  const from = Math.min(look.from, Math.max(0, rows.length - page))
  // Columns are as wide as the whole list needs, so that they do not move while one scrolls.
  const [titles = [], ...lines] = drawTable(rows, { width: columns, flat: !isTree })
  return { body: [titles, ...lines.slice(from, from + page)], page, count: rows.length }
}

function sorted(tree: TreeNode, order: Order): Row[] {
  const nodes = everyNode(tree).filter(({ kind, restarts }) => kind === 'service' || (order !== 'in-flight' && restarts !== undefined))
  const key = KEYS[order]
  return nodes
    .map((node, at) => ({ node, at, rank: key(node) }))
    .sort((a, b) => b.rank - a.rank || a.at - b.at)
    .map(({ node }) => ({ depth: 0, lead: '', node, folded: [] }))
}

const KEYS: Readonly<Record<Order, (node: TreeNode) => number>> = {
  tree: () => 0,
  'in-flight': ({ inFlight, waiting = 0 }) => inFlight + waiting,
  restarts: ({ incarnation, restarts }) => (restarts?.count ?? 0) * 1_000 + Math.max(0, incarnation - 1),
  state: urgencyOf,
}

// Beneath a line of its own.
function latest({ facts, picture }: Shown, room: number, columns: number): Line[] {
  const told: { readonly at: string; readonly address: string; readonly words: NonNullable<ReturnType<typeof wordsOf>> }[] = []
  for (let at = facts.length - 1; at >= 0 && told.length < room - 1; at -= 1) {
    const frame = facts[at] as FactFrame
    const { fact } = frame
    const words = wordsOf(frame)
    if (words !== undefined) told.unshift({ at: clockTime(picture.wallAt(fact.at)), address: fact.address, words })
  }
  if (told.length === 0) return []
  const width = Math.min(Math.floor(columns / 3), Math.max(0, ...told.map(({ address }) => columnsOf(address))))
  const title = [span('latest ', 'faint'), span('─'.repeat(Math.max(0, columns - 7)), 'faint')]
  return [
    title,
    ...told.map(({ at, address, words }): Line => {
      const name = padTo([span(fromEnd(address, width))], width)
      return [span(at, 'faint'), span('  '), ...name, span('  '), span(words.text, words.tone)]
    }),
  ]
}

/** The time of day, here. */
function clockTime(wallAt: number): string {
  const date = new Date(wallAt)
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

interface Keys {
  readonly isStopping: boolean
  readonly scrolls: boolean
  readonly columns: number
}

const ORDERS: readonly (readonly [letter: string, name: string, order: Order])[] = [
  ['t', 'tree', 'tree'],
  ['i', 'in flight', 'in-flight'],
  ['r', 'restarts', 'restarts'],
  ['s', 'state', 'state'],
]

function keys({ look, picture, now }: Shown, { isStopping, scrolls, columns }: Keys): Line {
  const shown: (readonly [letter: string, name: string, isOn: boolean])[] = [['q', 'quit', false]]
  if (!isStopping) for (const [letter, name, order] of ORDERS) shown.push([letter, name, look.order === order])
  if (!isStopping && look.order === 'tree') shown.push(['a', 'all', look.all])
  if (scrolls) shown.push(['↑↓', 'scroll', false])
  const line = shown.flatMap(([letter, name, isOn]) => [span(letter, 'strong'), span(` ${name}`, isOn ? 'good' : 'faint'), span('   ')])
  const time = clockTime(picture.wallAt(now)).slice(0, 8)
  return lengthOf(line) + time.length > columns ? line : [...padTo(line, columns - time.length), span(time, 'faint')]
}
