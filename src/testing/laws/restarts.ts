// Who is restarted, how often, and what follows when it is too often: L10, recounted from the restarts themselves.
import { RestartIntensityError } from '../../base/errors.js'
import type { Law } from '../law.js'
import type { Life, Lives } from '../lives.js'
import { flagsOf, type Node, type Shape } from '../shape.js'
import type { TraceEvent } from '../trace.js'

type Fact = Extract<TraceEvent, { type: 'fact' }>['fact']

/** L10, the window. */
export const intensityCounts: Law = {
  id: 'L10',
  says: 'intensity counts the restarts within its window; one more than allowed, and never one less, makes a supervisor give up',
  watch: (shape) => {
    const restarts = new Map<Life, number[]>()
    const within = (supervisor: Node, life: Life, now: number): number[] => {
      const { withinMs } = flagsOf(supervisor).intensity
      return (restarts.get(life) ?? []).filter((at) => now - at <= withinMs)
    }
    return (event, lives) => {
      if (event.type !== 'fact') return undefined
      const { fact } = event
      const address = fact.type === 'gave-up' ? fact.address : fact.type === 'restarting' ? fact.supervisor : undefined
      const supervisor = address === undefined ? undefined : shape.nodes.get(address)
      const life = supervisor === undefined ? undefined : lives.at(supervisor.address)
      if (supervisor === undefined || life === undefined) return undefined
      const { max, withinMs } = flagsOf(supervisor).intensity
      const count = within(supervisor, life, event.at).length + 1
      if (fact.type === 'restarting') {
        restarts.set(life, [...(restarts.get(life) ?? []), event.at])
        if (count > max)
          return `\`${supervisor.address}\` restarted \`${fact.address}\` at ${event.at} ms: ${count} within ${withinMs} ms, ${max} are allowed`
        return fact.count === count
          ? undefined
          : `\`${supervisor.address}\` counts ${fact.count} restarts at ${event.at} ms, there were ${count}`
      }
      if (fact.type !== 'gave-up' || attemptsOf(fact) !== undefined || count > max) return undefined
      return `\`${supervisor.address}\` gave up at ${event.at} ms at ${count} restarts within ${withinMs} ms, ${max} are allowed`
    }
  },
}

function attemptsOf(fact: Fact): number | undefined {
  return fact.type === 'gave-up' && fact.error instanceof RestartIntensityError ? fact.error.attempts : undefined
}

/** L10, who: restart types by reasons. */
export const onlyThoseAreRestarted: Law = {
  id: 'L10',
  says: 'a permanent child is restarted, a transient one after an abnormal end, a temporary one never; no restart goes uncounted',
  watch: (shape) => {
    const counted = new Map<string, number>()
    const byHand = new Map<string, number>()
    return (event, lives) => {
      if (event.type === 'asked' && (event.what === 'restart' || event.what === 'add')) byHand.set(event.address, lives.count)
      // All that the strategy puts together with it is started again too.
      if (event.type === 'asked' && event.what === 'renew')
        for (const sibling of shape.nodes.get(event.address)?.parent?.children ?? []) byHand.set(sibling.address, lives.count)
      if (event.type !== 'fact') return undefined
      const { fact } = event
      const node = shape.nodes.get(fact.address)
      if (node === undefined) return undefined
      if (fact.type === 'restarting') {
        counted.set(fact.supervisor, lives.count)
        return mayRestart(node, lives.at(fact.address), event.at)
      }
      if (fact.type !== 'starting' || node.parent === undefined) return undefined
      return isCounted(node, lives, counted.get(node.parent.address), byHand.get(node.address), event.at)
    }
  },
}

function mayRestart({ spec, address }: Node, life: Life | undefined, at: number): string | undefined {
  const { restart } = spec
  // One that did not come up again is tried again, whatever it was.
  if (life === undefined || life.ending === undefined) return undefined
  if (restart === 'temporary') return `\`${address}\` is restarted at ${at} ms, though it is temporary`
  const { reason } = life.ending.exit
  const isClean = reason === 'normal' || reason === 'shutdown'
  if (restart === 'transient' && isClean && !life.ending.asked)
    return `\`${address}\` is restarted at ${at} ms, though it is transient and ended ${reason}`
  return undefined
}

// A second start under the same incarnation of its supervisor: somebody must have counted it, or asked for it.
function isCounted(node: Node, lives: Lives, countedAs: number | undefined, askedAs: number | undefined, at: number): string | undefined {
  const parent = lives.at((node.parent as Node).address)
  const previous = lives.at(node.address)
  if (previous === undefined || parent === undefined || previous.bornAs < parent.bornAs) return undefined
  if ((countedAs ?? -1) > previous.bornAs || askedAs !== undefined) return undefined
  return `\`${node.address}\` was started again at ${at} ms, and nobody counted it as a restart`
}

/** L10, upward: whoever gives up says why, down to the first cause. */
export const causesReachTheRoot: Law = {
  id: 'L10',
  says: 'escalation reaches the root with the chain of causes',
  watch: (shape) => (event) => {
    if (event.type !== 'fact' || event.fact.type !== 'gave-up') return undefined
    return chainProblem(event.fact.error, event.fact.address, shape)
  },
}

function chainProblem(error: unknown, address: string, shape: Shape): string | undefined {
  if (!(error instanceof RestartIntensityError)) return `\`${address}\` gave up with ${String(error)}, which is no RestartIntensityError`
  if (error.address !== address) return `\`${address}\` gave up with the error of \`${error.address}\``
  if (!error.offender.startsWith(`${address}/`)) return `\`${address}\` gave up because of \`${error.offender}\`, which is not its child`
  const offender = shape.nodes.get(error.offender)
  if (offender === undefined || error.cause === undefined) return `\`${address}\` gave up without a cause`
  const isLink = offender.spec.kind === 'supervisor' && error.cause instanceof RestartIntensityError
  return isLink ? chainProblem(error.cause, offender.address, shape) : undefined
}

/** L10, back-off: each delay within its bounds, and no more attempts in a row than allowed. */
export const backoffsKeepTheirBounds: Law = {
  id: 'L10',
  says: 'a back-off waits as long as its plan says, no shorter than the jitter allows, and gives up after so many attempts',
  watch: (shape) => (event) => {
    if (event.type !== 'fact' || event.fact.type !== 'backing-off') return undefined
    const { address, supervisor, attempt, delayMs } = event.fact
    const backoff = shape.nodes.get(supervisor)?.flags?.backoff
    if (backoff === undefined) return `\`${address}\` backs off, though \`${supervisor}\` has no back-off`
    const { initialMs, factor, maxMs, jitter, giveUpAfter } = backoff
    const fullMs = Math.min(maxMs, initialMs * factor ** (attempt - 1))
    if (attempt > giveUpAfter) return `\`${address}\` backs off for attempt ${attempt}, ${giveUpAfter} are allowed`
    if (delayMs > fullMs || delayMs < fullMs * (1 - jitter))
      return `\`${address}\` waits ${delayMs} ms before attempt ${attempt}, not ${fullMs * (1 - jitter)} to ${fullMs} ms`
    return undefined
  },
}
