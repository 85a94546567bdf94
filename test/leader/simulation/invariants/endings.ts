// I8, I10: each term that was led ends once, and by its leader's own clock when nothing is heard of the store.
import { TIMES } from '../times.js'
import { type Breach, entriesOf, type Invariant, moment } from './violation.js'

const ENDS: readonly string[] = ['stepped-down', 'lease-lost']
/** Timers are late by so much at most, now and then: the one that finds out, and the one that ends the term. */
const LATEST_TIMER_MS = 2_001

/** Of each term that is promoted one end is told, once; of others none. */
const I8: Invariant = (world) => {
  const broken: Breach[] = []
  const terms = new Map<bigint, { process: string; ended: number | undefined }>()
  for (const { fact, term, process, at } of entriesOf(world, 'fact')) {
    if (fact === 'promoting' && terms.has(term)) broken.push({ at, sentence: `${process} began term ${term} once more at ${moment(at)}` })
    if (fact === 'promoting') terms.set(term, { process, ended: undefined })
    if (!ENDS.includes(fact)) continue
    const known = terms.get(term)
    if (known?.process !== process)
      broken.push({ at, sentence: `${process} told ${fact} of term ${term} at ${moment(at)}, which it never had` })
    else if (known.ended !== undefined)
      broken.push({
        at,
        sentence: `${process} told ${fact} of term ${term} at ${moment(at)}; its end had been told at ${moment(known.ended)}`,
      })
    if (known !== undefined) known.ended = at
  }
  const died = new Map(entriesOf(world, 'died').map(({ process, how }) => [process, how]))
  for (const [term, { process, ended }] of terms) {
    if (ended === undefined && (died.get(process) ?? 'exit') === 'exit')
      broken.push({ at: world.timeline.now, sentence: `no end of term ${term} was ever told by ${process}` })
  }
  return broken
}

/** No term goes on, by its leader's own word, past the time for which it was granted, however long the store is away. */
const I10: Invariant = (world) => {
  const broken: Breach[] = []
  const valid = new Map<string, number>()
  const released = new Set<string>()
  const wokenAt = new Map<string, number>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'paused') wokenAt.set(entry.process, entry.until)
    const key = 'term' in entry ? `${entry.process} ${entry.term}` : ''
    if (entry.type === 'valid') valid.set(key, Math.max(valid.get(key) ?? 0, entry.validUntil))
    if (entry.type === 'sent' && entry.call === 'release') released.add(key)
    // To release it again and again does no harm, however long its clock stood still.
    if (entry.type !== 'fact' || !ENDS.includes(entry.fact) || released.has(key)) continue
    const until = valid.get(key) ?? 0
    const latest = Math.max(until, wokenAt.get(entry.process) ?? 0) + TIMES.guardMs + 2 * LATEST_TIMER_MS
    if (entry.at > latest)
      broken.push({
        at: entry.at,
        sentence: `${entry.process} told ${entry.fact} of term ${entry.term} at ${moment(entry.at)}, though it was valid until ${moment(until)} at most`,
      })
  }
  return broken
}

export const endings: Readonly<Record<string, Invariant>> = { I8, I10 }
