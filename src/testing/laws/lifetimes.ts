// What one incarnation may go through: L3 (asked once, ends once), L4 (one after the other), L7 (nothing starts after a stop), L8 (a crash
// in a drain is noted, not restarted), L9 (many requests are one).
import type { Law } from '../law.js'
import type { Life, Lives } from '../lives.js'
import { below, pathOf, reserveMsOf, type Shape } from '../shape.js'
import { isBeginning, type Permits, type TraceEvent } from '../trace.js'

/** L3. */
export const oneRequestOneEnding: Law = {
  id: 'L3',
  says: 'at most one stop request and exactly one ending per incarnation, and each of its hooks is called at most once',
  watch: () => {
    const requests = new Map<Life, Set<string>>()
    return (event, lives) => {
      if (event.type === 'over' && lives.isReported) return unended(lives)
      if (event.type === 'called') {
        const life = lives.find(event.address, event.incarnation)
        // Each release is one of its own.
        if (event.hook !== 'defer' && life?.calls.some(({ hook }) => hook === event.hook))
          return `${nameOf(life)}: \`${event.hook}\` was called twice`
        if (event.hook === 'drain' && life?.calls.some(({ hook }) => hook === 'stop'))
          return `${nameOf(life)} was drained after its \`stop\``
        return undefined
      }
      if (event.type !== 'fact') return undefined
      const { fact } = event
      if (fact.type === 'stop-requested') {
        const life = lives.find(fact.address, fact.incarnation)
        if (life === undefined) return undefined
        const known = requests.get(life) ?? new Set()
        requests.set(life, known)
        if (known.has(fact.by)) return `${nameOf(life)} was asked twice to stop (${fact.by}), again at ${event.at} ms`
        known.add(fact.by)
      }
      if (fact.type === 'stopped' || fact.type === 'ignored' || fact.type === 'start-failed') {
        const life = lives.find(fact.address, fact.incarnation)
        const isSecondWord = fact.type === 'stopped' && life?.ended === 'failed' && life.ending === undefined
        if (life?.state === 'ended' && !isSecondWord) return `${nameOf(life)} ended twice, again at ${event.at} ms: ${fact.type}`
      }
      if (fact.type === 'forced' && lives.find(fact.address, fact.incarnation)?.state === 'ended') {
        return `\`${fact.address}\`#${fact.incarnation} was forced at ${event.at} ms, after it had ended`
      }
      return undefined
    }
  },
}

function unended(lives: Lives): string | undefined {
  for (const life of lives.every())
    if (life.state !== 'ended') return `${nameOf(life)} never ended: it is ${life.state} though the report is there`
  return undefined
}

/** L4. */
export const oneAfterTheOther: Law = {
  id: 'L4',
  says: "the next incarnation starts after the previous one's teardown has ended or been abandoned",
  watch: (shape) => (event, lives) => {
    if (event.type !== 'fact' || event.fact.type !== 'starting') return undefined
    const node = shape.nodes.get(event.fact.address)
    // One that was removed and added again begins anew at 1: it is somebody else.
    if (node === undefined || event.fact.incarnation === 1) return undefined
    for (const { address } of [node, ...below(node)]) {
      for (const life of lives.all(address)) {
        // Those below wait for their own predecessors.
        if (life.state !== 'ended') return `\`${event.fact.address}\` was started at ${event.at} ms while ${nameOf(life)} had not ended`
        if (life.running.size === 0) continue
        const hooks = [...life.running].join(', ')
        const about = `\`${event.fact.address}\` was started at ${event.at} ms while ${hooks} of ${nameOf(life)} was running`
        // A start that failed has no verdict; it was given up if its time was over.
        const wasGivenUp =
          life.ending === undefined ? life.endedAt >= life.deadlineAt - reserveOf(life, shape) : life.ending.verdict === 'abandoned'
        if (!wasGivenUp) return `${about}, which nobody has given up`
        if (event.at < life.endedAt + patienceMs(life, shape)) return `${about}, ${event.at - life.endedAt} ms after it was killed`
      }
    }
    return undefined
  },
}

function reserveOf({ address }: Life, shape: Shape): number {
  const node = shape.nodes.get(address)
  return node === undefined ? 0 : reserveMsOf(node)
}

/** How long the successor of one that was killed waits for it; one that used up its time has had its chance. */
function patienceMs(life: Life, shape: Shape): number {
  const node = shape.nodes.get(life.address)
  const wasKilled = life.mode === undefined
  return wasKilled && node !== undefined && node.spec.shutdownMs !== 'brutal-kill' ? reserveMsOf(node) : 0
}

/** L7. */
export const nothingStartsAfterAStop: Law = {
  id: 'L7',
  says: 'a stop pre-empts starting, restarting and backing off; nothing starts after it',
  watch: (shape) => (event, lives) => {
    const starting = startedIn(event)
    if (starting === undefined) return undefined
    if (lives.stopAskedAt !== undefined)
      return `\`${starting}\` was started at ${event.at} ms, after the whole was asked to stop at ${lives.stopAskedAt} ms`
    const node = shape.nodes.get(starting)
    for (const { address } of node === undefined ? [] : pathOf(node).slice(0, -1)) {
      const state = lives.at(address)?.state
      if (state === 'draining' || state === 'ended')
        return `\`${starting}\` was started at ${event.at} ms while \`${address}\`, above it, is ${state}`
    }
    return undefined
  },
}

function startedIn(event: TraceEvent): string | undefined {
  if (event.type === 'called') return isBeginning(event.hook) ? event.address : undefined
  return event.type === 'fact' && event.fact.type === 'starting' ? event.fact.address : undefined
}

/** L8. */
export const crashesInADrainAreNoted: Law = {
  id: 'L8',
  says: 'a crash while draining is recorded, not restarted',
  watch: () => {
    let count = 0
    return (event, lives) => {
      if (event.type === 'reported') {
        const { errorCount } = event.report
        return errorCount < count ? `${count} errors came while the tree was ending, the report knows of ${errorCount}` : undefined
      }
      if (event.type !== 'fact') return undefined
      const { fact } = event
      const isError = fact.type === 'crashed' || fact.type === 'hook-failed' || fact.type === 'late-error'
      if (isError && lives.stopAskedAt !== undefined && !lives.isReported) count += 1
      if (fact.type !== 'restarting' && fact.type !== 'backing-off') return undefined
      if (lives.at(fact.supervisor)?.state !== 'draining' && lives.stopAskedAt === undefined) return undefined
      return `\`${fact.address}\` is ${fact.type} at ${event.at} ms although \`${fact.supervisor}\` is ending`
    }
  },
}

/** L9. */
export const manyRequestsAreOne: Law = {
  id: 'L9',
  says: 'any number of stop calls and hurries give one sequence, one report, and cut every settling at most once, as a hurry only after one or below one that was killed',
  watch: (shape) => {
    const forced = new Map<Life, number>()
    let hurriedAt: number | undefined
    let wasHurried = false
    // Who is killed hurries those below.
    const killed = new Set<string>()
    return (event, lives) => {
      if (event.type === 'asked' && event.what === 'hurry') wasHurried = true
      if (event.type === 'asked' && event.what === 'hurry' && lives.stopAskedAt !== undefined) hurriedAt ??= event.at
      if (event.type === 'rested' && hurriedAt !== undefined) return stillSettling(lives, event.busy, hurriedAt)
      if (event.type === 'reported' && !event.isSame) return 'two stop calls were answered with different reports'
      if (event.type !== 'fact' || event.fact.type !== 'forced') return undefined
      const { address, incarnation, why } = event.fact
      if (why === 'kill') killed.add(address)
      if (why === 'hurry' && !wasHurried && ![...killed].some((above) => address.startsWith(`${above}/`)))
        return `\`${address}\`#${incarnation} was cut off by a hurry at ${event.at} ms, and nobody had hurried`
      const life = lives.find(address, incarnation)
      if (life === undefined) return undefined
      // Settling can be cut once, closing once more.
      const count = (forced.get(life) ?? 0) + 1
      forced.set(life, count)
      const hasStop = shape.nodes.get(life.address)?.hooks.stop !== undefined
      const isSettling = hasStop && life.calls.some(({ hook }) => hook === 'drain') && !life.calls.some(({ hook }) => hook === 'stop')
      if (count > (isSettling ? 1 : 2)) return `${nameOf(life)} was forced ${count} times, again at ${event.at} ms`
      return undefined
    }
  },
}

// It releases what it holds, or has crashed: of a `run` nothing else tells.
function isClosing({ calls, hasCrashed }: Life): boolean {
  return hasCrashed || calls.some(({ hook }) => hook === 'stop' || hook === 'defer')
}

// From a hurry on everybody closes: nobody who was asked to stop finishes what was accepted. What went down with a killed supervisor
// does not hear of it.
function stillSettling(lives: Lives, busy: Permits, hurriedAt: number): string | undefined {
  for (const life of lives.every()) {
    if (life.state !== 'draining' || life.mode !== 'with-parent' || life.isForced || isClosing(life)) continue
    if (lives.above(life.address).some(({ state }) => state === 'ended')) continue
    if (life.running.size > 0 || busy.has(life.address))
      return `${nameOf(life)} is still settling, though there was a hurry at ${hurriedAt} ms`
  }
  return undefined
}

/** An incarnation in words. */
export function nameOf({ address, incarnation }: Life): string {
  return `\`${address}\`#${incarnation}`
}
