// How the time of a stop is spent: L5. Deadlines are recounted from the plan and the requests alone.
import type { Law } from '../law.js'
import type { Lives } from '../lives.js'
import { type Node, pathOf, reserveMsOf, type Shape, shutdownMsOf } from '../shape.js'
import { isBeginning, type TraceEvent } from '../trace.js'

// Shares of deadlines are fractions; a millionth of a millisecond is rounding.
const ROUNDING_MS = 1e-6

/** L5, the whole: it ends within what it was given. */
export const withinTheBudget: Law = {
  id: 'L5',
  says: 'a stop takes no longer than it was given',
  watch: () => (event, lives) => {
    if (event.type === 'over' && !lives.isReported) return `there is no report, though it was to be over by ${lives.stopBy} ms`
    if (event.type !== 'reported' || lives.isReported) return undefined
    const lateMs = event.at - lives.stopBy
    return lateMs > ROUNDING_MS ? `the stop was over at ${event.at} ms, ${lateMs} ms after its deadline` : undefined
  },
}

/** L5, inside: nobody is given more than is left outside, or than its own `shutdown`. */
export const deadlinesLieWithin: Law = {
  id: 'L5',
  says: 'an inner deadline never exceeds what is left outside',
  watch: (shape) => (event, lives) => {
    const given = deadlineIn(event)
    const node = given === undefined ? undefined : shape.nodes.get(given.address)
    // One whose start fails undoes it: its limit begins when that takes time.
    if (event.type === 'called' && event.hook === 'defer' && lives.at(event.address)?.state === 'starting') return undefined
    // One that crashed has its own limit until its turn to stop comes.
    if (given === undefined || node === undefined || isUnasked(event, given.address, lives)) return undefined
    if (given.deadlineAt - event.at > shutdownMsOf(node) + ROUNDING_MS && node.spec.shutdownMs !== 'brutal-kill')
      return `\`${given.address}\` was given ${given.deadlineAt - event.at} ms at ${event.at} ms, its \`shutdown\` is ${shutdownMsOf(node)} ms`
    // What went down with a killed supervisor is cut off with the whole, not told of its deadline.
    if (pathOf(node).some(({ address }) => lives.at(address)?.state === 'ended')) return undefined
    if (pathOf(node).some(({ address }) => hasItsOwnEnd(address, lives))) return undefined
    if (lives.stopAskedAt !== undefined && given.deadlineAt > lives.stopBy + ROUNDING_MS)
      return `\`${given.address}\` may end at ${given.deadlineAt} ms, the whole must be over at ${lives.stopBy} ms`
    for (const above of pathOf(node).slice(0, -1)) {
      const life = lives.at(above.address)
      // A supervisor that ends by itself shares out no deadline of its own.
      if (life?.state !== 'draining' || life.mode === 'unasked' || given.deadlineAt <= life.deadlineAt + ROUNDING_MS) continue
      return `\`${given.address}\` may end at ${given.deadlineAt} ms, \`${above.address}\`, above it, must at ${life.deadlineAt} ms`
    }
    return undefined
  },
}

// A killed one has no deadline: its signal is aborted already. A start is not under a deadline either.
function deadlineIn(event: TraceEvent): { readonly address: string; readonly deadlineAt: number } | undefined {
  if (event.type === 'called' && !isBeginning(event.hook) && !event.aborted) {
    return { address: event.address, deadlineAt: event.at + event.remainingMs }
  }
  if (event.type !== 'fact' || event.fact.type !== 'draining') return undefined
  return { address: event.fact.address, deadlineAt: event.at + event.fact.deadlineMs }
}

// Who ends by itself, or for a restart, keeps its own limits until its turn in the end of the whole comes.
function hasItsOwnEnd(address: string, lives: Lives): boolean {
  const life = lives.at(address)
  const mode = life?.mode
  // Killed: it goes down with all below it.
  if (mode === undefined && life?.isForced === true) return true
  return mode === 'alone' || (mode === 'unasked' && (life?.isForced === true || !lives.wasAsked(address)))
}

function isUnasked(event: TraceEvent, address: string, lives: Lives): boolean {
  if (event.type === 'fact') return !lives.wasAsked(address)
  return lives.at(address)?.mode === 'unasked'
}

/** L5, the last: whoever comes late still has its reserve for closing. */
export const reservesAreKept: Law = {
  id: 'L5',
  says: "nobody's reserve is spent by another",
  watch: (shape) => {
    const limits: number[] = []
    return (event, lives) => {
      if (event.type === 'asked' && event.what === 'stop') {
        const leftMs = Math.min(lives.stopBy - event.at, event.deadlineMs ?? Number.POSITIVE_INFINITY)
        limits.push(leftMs)
      }
      if (event.type !== 'called' || event.hook !== 'stop' || event.aborted || limits.length === 0) return undefined
      const node = shape.nodes.get(event.address)
      const life = lives.find(event.address, event.incarnation)
      if (node === undefined || life?.mode !== 'with-parent' || !isPartOfTheStop(node, lives)) return undefined
      const leastMs = leastReserveMs(node, shape, Math.min(...limits))
      if (event.remainingMs >= leastMs - ROUNDING_MS) return undefined
      return `\`${event.address}\` began to close at ${event.at} ms with ${event.remainingMs} ms left; at least ${leastMs} ms were kept for it`
    }
  },
}

function isPartOfTheStop(node: Node, lives: Lives): boolean {
  return pathOf(node)
    .slice(1, -1)
    .every(({ address }) => lives.at(address)?.mode === 'with-parent')
}

// g = reserve · min(1, (L/2) / Σ reserves). Taking the whole tree's reserves for the sum makes this a lower bound in every order.
function leastReserveMs(node: Node, shape: Shape, leftMs: number): number {
  const totalMs = shape.services().reduce((sum, service) => sum + reserveMsOf(service), 0)
  const limits = [leftMs, ...pathOf(node).slice(1, -1).map(shutdownMsOf)]
  if (totalMs === 0) return 0
  const scale = Math.min(1, ...limits.map((limitMs) => limitMs / 2 / totalMs))
  return reserveMsOf(node) * scale
}
