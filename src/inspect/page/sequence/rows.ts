// What of a story is shown at one moment: the lifelines, the messages up to then, and those that still wait for an answer. Long
// histories are folded to their beginning and their end, but for what is open.

import { addressAbove } from '../../../base/address.js'
import type { Picture } from '../../../observe/picture/picture.js'
import { type Message, OUTSIDE } from './messages.js'
import type { Exchange, Story } from './story.js'

const FOLDED = { from: 80, first: 10, last: 50 }

/** One lifeline. */
export interface Lifeline {
  /** Undefined for the children that have none of their own. */
  readonly address: string | undefined
  readonly count: number
}

/** A line of the sequence. */
export type Row =
  | { readonly kind: 'message'; readonly message: Message; readonly answer: Message | undefined }
  | { readonly kind: 'fold'; readonly count: number }

/** The sequence at one moment. */
export interface Sequence {
  readonly lifelines: readonly Lifeline[]
  readonly rows: readonly Row[]
  /** Asks that nobody has answered, those that wait longest first. */
  readonly open: readonly Message[]
}

/** How a sequence is shown. */
export interface Shown {
  /** Up to this fact. */
  readonly seq: number
  /** The children that are there now. */
  readonly children: readonly string[]
  /** So many lifelines fit beside one another; what further children say is drawn at one for all of them. */
  readonly mostLifelines: number
  readonly isUnfolded: boolean
}

/** What was said up to a moment, and who takes part. */
export function sequenceAt(story: Story, shown: Shown): Sequence {
  const { seq } = shown
  const exchanges = story.exchanges.slice(0, story.countUntil(seq))
  const open = exchanges.filter((each) => isOpen(each, seq)).map(({ message }) => message)
  return { lifelines: lifelinesOf(story.address, exchanges, { ...shown, open }), rows: rowsOf(exchanges, shown), open }
}

/** Whether an answer to an ask is still to come; what became of the asked may have been told otherwise, when facts are missing. */
export function isOwed({ asks, about, life }: Message, picture: Picture): boolean {
  if (asks === 'shutdown') return picture.phase === 'stopping'
  const node = picture.nodes.get(about)
  if (node === undefined) return false
  if (asks === 'promotion' || asks === 'step-down') return node.state !== 'stopped'
  // Whoever stops all is owed that, and not the stop of the root besides.
  if (life !== `#${node.incarnation}` || (asks === 'stop' && about === picture.root && picture.phase === 'stopping')) return false
  return asks === 'start' ? node.state === 'starting' || node.state === 'cancelling' : node.state !== 'stopped'
}

function isOpen({ message, answer }: Exchange, seq: number): boolean {
  return message.asks !== undefined && (answer === undefined || answer.seq > seq)
}

type Present = Pick<Shown, 'children' | 'mostLifelines'> & Pick<Sequence, 'open'>

function lifelinesOf(address: string, exchanges: readonly Exchange[], { children, open, mostLifelines }: Present): Lifeline[] {
  const above = addressAbove(address)
  const hasAbove = above !== OUTSIDE || exchanges.some(({ message: { from, to } }) => from === OUTSIDE || to === OUTSIDE)
  const own = [...(hasAbove ? [above] : []), address].map((each) => ({ address: each, count: 1 }))
  const gone = new Set<string>()
  for (const { message } of exchanges) if (message.about !== address && addressAbove(message.about) === address) gone.add(message.about)
  const all = [...new Set([...children, ...gone])]
  const room = Math.max(1, mostLifelines - own.length)
  if (all.length <= room) return [...own, ...all.map((each) => ({ address: each, count: 1 }))]
  const chosen = foremost(all, exchanges, open, room - 1)
  const shown = all.filter((each) => chosen.has(each)).map((each) => ({ address: each, count: 1 }))
  return [...own, ...shown, { address: undefined, count: all.length - shown.length }]
}

// Whoever owes an answer, then whoever spoke last.
function foremost(children: readonly string[], exchanges: readonly Exchange[], open: readonly Message[], room: number): Set<string> {
  const known = new Set(children)
  const chosen = new Set<string>()
  const latest = [...open, ...exchanges.map(({ message }) => message).toReversed()]
  for (const about of [...latest.map((message) => message.about), ...children]) {
    if (chosen.size === room) break
    if (known.has(about)) chosen.add(about)
  }
  return chosen
}

function rowsOf(exchanges: readonly Exchange[], { seq, isUnfolded }: Shown): Row[] {
  const rows = exchanges.map(({ message, answer }): Row => {
    return { kind: 'message', message, answer: answer !== undefined && answer.seq <= seq ? answer : undefined }
  })
  if (isUnfolded || rows.length <= FOLDED.from) return rows
  const end = rows.length - FOLDED.last
  const middle = rows
    .slice(FOLDED.first, end)
    .filter((row) => row.kind === 'message' && row.message.asks !== undefined && row.answer === undefined)
  const count = end - FOLDED.first - middle.length
  return [...rows.slice(0, FOLDED.first), { kind: 'fold', count }, ...middle, ...rows.slice(end)]
}
