// I1, I4, I6: who is granted which term, and when.
import { type Breach, entriesOf, type Invariant, moment } from './violation.js'

/** Terms strictly increase, and each belongs to one life. */
const I1: Invariant = (world) => {
  const broken: Breach[] = []
  let latest = 0n
  const owners = new Map<bigint, string>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'applied' && entry.call === 'acquire') {
      if (entry.term <= latest)
        broken.push({
          at: entry.at,
          sentence: `term ${entry.term} was granted to ${entry.process} at ${moment(entry.at)}, after term ${latest}`,
        })
      latest = entry.term
      owners.set(entry.term, entry.process)
    }
    if (entry.type === 'fact' && entry.fact === 'promoting' && owners.get(entry.term) !== entry.process)
      broken.push({
        at: entry.at,
        sentence: `${entry.process} is promoted in term ${entry.term} at ${moment(entry.at)}, which was granted to ${owners.get(entry.term)}`,
      })
  }
  return broken
}

/** A term is begun after the one before was given back, was told to be lost, or ran out in true time, or its process has died. */
const I4: Invariant = (world) => {
  const broken: Breach[] = []
  const terms = new Map<bigint, { process: string; validUntil: number; isOver: boolean }>()
  const dead = new Set<string>()
  const begun = new Set<bigint>()
  for (const entry of world.journal.entries) {
    if (entry.type === 'died') dead.add(entry.process)
    if (entry.type === 'valid') {
      const known = terms.get(entry.term) ?? { process: entry.process, validUntil: 0, isOver: false }
      terms.set(entry.term, { ...known, validUntil: Math.max(known.validUntil, entry.validUntil) })
    }
    if ((entry.type === 'applied' && entry.call === 'release') || (entry.type === 'fact' && entry.fact === 'lease-lost')) {
      const known = terms.get(entry.term) ?? { process: entry.process, validUntil: 0 }
      terms.set(entry.term, { ...known, isOver: true })
    }
    if (entry.type !== 'fact' || entry.fact !== 'promoting') continue
    // An answer that came too late made nobody begin.
    begun.add(entry.term)
    for (const [term, { process, validUntil, isOver }] of terms) {
      if (term < entry.term && begun.has(term) && !isOver && validUntil > entry.at && !dead.has(process))
        broken.push({
          at: entry.at,
          sentence: `${entry.process} begins term ${entry.term} at ${moment(entry.at)}, while ${process} may use term ${term} until ${moment(validUntil)} and has not given it back`,
        })
    }
  }
  return broken
}

/** Renewing or releasing a term never touches the record of another one. */
const I6: Invariant = (world) =>
  entriesOf(world, 'applied').flatMap(({ at, call, term, process, of, isHolder }) =>
    call === 'acquire' || (of === term && isHolder)
      ? []
      : [{ at, sentence: `${call} of term ${term} by ${process} at ${moment(at)} changed the record of term ${of}` }],
  )

export const grants: Readonly<Record<string, Invariant>> = { I1, I4, I6 }
