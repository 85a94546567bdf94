// I2, I3, I5, I7, I9: what is done in a term, and when.
import type { Part } from '../journal.js'
import { type Breach, type Invariant, moment } from './violation.js'

/** No guarded work is sent in a term after a greater one was granted. */
const I2: Invariant = (world) => {
  const broken: Breach[] = []
  let latest = { term: 0n, process: '', at: 0 }
  for (const entry of world.journal.entries) {
    if (entry.type === 'applied' && entry.call === 'acquire') latest = entry
    if (entry.type === 'issued' && entry.term < latest.term)
      broken.push({
        at: entry.at,
        sentence: `${entry.process} sent work of term ${entry.term} to ${entry.resource} at ${moment(entry.at)}; ${latest.process} had been granted term ${latest.term} at ${moment(latest.at)}`,
      })
  }
  return broken
}

/** What can be sealed is sealed before it is read, and nothing older than a recovery is accepted after its reads. */
const I3: Invariant = (world) => {
  const broken: Breach[] = []
  const reads = new Map<string, { term: bigint; at: number }>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'recovery-read') {
      if (entry.sealedTerm !== undefined && entry.sealedTerm < entry.term)
        broken.push({
          at: entry.at,
          sentence: `${entry.process} read ${entry.resource} for its recovery in term ${entry.term} at ${moment(entry.at)}, while it was sealed for term ${entry.sealedTerm}`,
        })
      if ((reads.get(entry.resource)?.term ?? 0n) < entry.term) reads.set(entry.resource, entry)
    }
    if (entry.type !== 'arrived' || !entry.accepted) continue
    const read = reads.get(entry.resource)
    if (read !== undefined && entry.term < read.term)
      broken.push({
        at: entry.at,
        sentence: `${entry.resource} accepted work of ${entry.process} in term ${entry.term} at ${moment(entry.at)}, after it was read in term ${read.term} at ${moment(read.at)}`,
      })
  }
  return broken
}

/** When a term is written down as drained nothing of it is in flight, and nothing of it is applied later. */
const I5: Invariant = (world) => {
  const broken: Breach[] = []
  const running = new Map<number, { term: bigint; what: string }>()
  const drained = new Map<bigint, number>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'issued') running.set(entry.id, { term: entry.term, what: `work at ${entry.resource}` })
    if (entry.type === 'begins') running.set(entry.id, { term: entry.term, what: entry.part })
    if (entry.type === 'settled' || entry.type === 'ends') running.delete(entry.id)
    if (entry.type === 'applied' && entry.call === 'release' && entry.drained) {
      drained.set(entry.term, entry.at)
      for (const { term, what } of running.values()) {
        if (term === entry.term)
          broken.push({
            at: entry.at,
            sentence: `${entry.process} gave term ${term} back as drained at ${moment(entry.at)}, while ${what} was in flight`,
          })
      }
    }
    const since = entry.type === 'arrived' && entry.accepted ? drained.get(entry.term) : undefined
    if (since !== undefined)
      broken.push({
        at: entry.at,
        sentence: `work was applied at ${moment(entry.at)} in a term that was given back as drained at ${moment(since)}`,
      })
  }
  return broken
}

/** A term is not used once its release was tried. */
const I7: Invariant = (world) => {
  const broken: Breach[] = []
  const tried = new Map<bigint, number>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'sent' && entry.call === 'release') tried.set(entry.term, tried.get(entry.term) ?? entry.at)
    const isUse =
      entry.type === 'issued' ||
      (entry.type === 'begins' && entry.part !== 'drain' && entry.part !== 'stop') ||
      (entry.type === 'sent' && entry.call === 'renew') ||
      (entry.type === 'fact' && (entry.fact === 'promoting' || entry.fact === 'promoted'))
    const since = isUse ? tried.get(entry.term) : undefined
    if (isUse && since !== undefined)
      broken.push({
        at: entry.at,
        sentence: `${entry.process} used term ${entry.term} at ${moment(entry.at)} (${entry.type}), whose release was tried at ${moment(since)}`,
      })
  }
  return broken
}

const OF_THE_SCOPE: readonly Part[] = ['start', 'run', 'drain', 'stop']

/** The scope runs only between the end of the recovery and the end of the term. */
const I9: Invariant = (world) => {
  const broken: Breach[] = []
  const recovered = new Set<bigint>()
  const leaving = new Set<bigint>()
  const failed = new Set<bigint>()
  const running = new Map<number, { part: Part; term: bigint }>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'ends' && entry.part === 'recover' && entry.ok) recovered.add(entry.term)
    if (entry.type === 'ends') running.delete(entry.id)
    // What still runs was told, and is ended by force, or ends with the process that is being stopped.
    if (entry.type === 'fact' && (entry.fact === 'fence-failed' || entry.why === 'its leader was given up')) failed.add(entry.term)
    if (entry.type === 'fact' && entry.fact === 'stepping-down') leaving.add(entry.term)
    if (entry.type === 'begins' && OF_THE_SCOPE.includes(entry.part)) {
      running.set(entry.id, entry)
      const isFresh = entry.part === 'start' || entry.part === 'run'
      if (!recovered.has(entry.term) || (isFresh && leaving.has(entry.term)))
        broken.push({
          at: entry.at,
          sentence: `the scope of ${entry.process} in term ${entry.term} was called (${entry.part}) at ${moment(entry.at)}, ${leaving.has(entry.term) ? 'after it had begun to step down' : 'before its recovery'}`,
        })
    }
    if (entry.type !== 'fact' || (entry.fact !== 'stepped-down' && entry.fact !== 'lease-lost')) continue
    leaving.add(entry.term)
    for (const { part, term } of running.values()) {
      if (term === entry.term && !failed.has(term))
        broken.push({
          at: entry.at,
          sentence: `${entry.process} told ${entry.fact} of term ${term} at ${moment(entry.at)}, while the ${part} of its scope had not ended`,
        })
    }
  }
  return broken
}

export const work: Readonly<Record<string, Invariant>> = { I2, I3, I5, I7, I9 }
