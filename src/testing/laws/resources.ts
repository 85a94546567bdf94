// What users' resources really do: L15 (closed after all that use them), L16 (not used once closed), L14 for those that are never
// closed. What belongs to a service that crashed, was killed or was given up may go out of turn.
import type { Law } from '../law.js'
import type { Life, Lives } from '../lives.js'
import type { Shape } from '../shape.js'
import type { OfResource, TraceEvent } from '../trace.js'
import { isPartOfTheEnd, wentDown } from './order.js'

type Stopped = Extract<Extract<TraceEvent, { type: 'fact' }>['fact'], { type: 'stopped' }>

/** A fake resource as it was opened, and the life it belongs to. */
interface Known {
  readonly opened: OfResource
  readonly life: Life
  closedAt: number | undefined
}

/** The resources of one run, by name and number. */
class Resources {
  readonly all = new Map<string, Known>()

  /** The one that an event is about, before it is counted. */
  take(event: OfResource, lives: Lives): Known | undefined {
    const key = `${event.resource}#${event.number}`
    const life = lives.find(event.address, event.incarnation)
    if (event.type === 'opened' && life !== undefined) this.all.set(key, { opened: event, life, closedAt: undefined })
    const known = this.all.get(key)
    if (event.type === 'closed' && known !== undefined) known.closedAt = event.at
    return known
  }

  /** What is wrong with the ack of one that has stopped. */
  openAt({ at, address, incarnation, ending }: Stopped, lives: Lives): string | undefined {
    const life = lives.find(address, incarnation)
    if (ending.verdict !== 'acked') return undefined
    const left = [...this.all.values()].find((known) => known.life === life && known.closedAt === undefined)
    if (left === undefined) return undefined
    const what = left.opened.resource === address ? 'it' : `\`${left.opened.resource}\``
    return `\`${address}\` said at ${at} ms that it had stopped, and ${what} was still open`
  }

  /** Those that are open and use it. */
  usersOf({ opened }: Known): Known[] {
    const key = `${opened.resource}#${opened.number}`
    return [...this.all.values()].filter((user) => user.closedAt === undefined && user.opened.others.includes(key))
  }
}

function isOfResource(event: TraceEvent): event is OfResource {
  return event.type === 'opened' || event.type === 'used' || event.type === 'closed'
}

/** L15. */
export const resourcesCloseInOrder: Law = {
  id: 'L15',
  says: 'a resource is closed only after everything that uses it has been closed',
  advice:
    'Close it in `stop` or with `ctx.defer`, and await that: both are called in every ending, `drain` is not. Declare in `uses` what it works with.',
  watch: (shape) => {
    const resources = new Resources()
    return (event, lives) => {
      if (!isOfResource(event)) return undefined
      const closed = resources.take(event, lives)
      if (closed === undefined || event.type !== 'closed') return undefined
      const user = resources.usersOf(closed).find((each) => isOutOfTurn(closed, each, { shape, lives }))
      if (user === undefined) return undefined
      const { life } = user
      const though = life !== closed.life && life.state === 'ended' ? `, though it had stopped at ${life.endedAt} ms` : ''
      return `\`${event.resource}\` was closed at ${event.at} ms while \`${user.opened.resource}\`, which uses it, was still open${though}`
    }
  },
}

/** How things stand. */
interface Now {
  readonly shape: Shape
  readonly lives: Lives
}

function isOutOfTurn(closed: Known, user: Known, { shape, lives }: Now): boolean {
  if (user.life === closed.life) return true
  if (!wasAsked(closed)) return false
  if (user.life.state === 'ended') return hasAcknowledged(user)
  // One that lives on may do so without it, unless all must end.
  const [node, userNode] = [closed, user].map(({ opened }) => shape.nodes.get(opened.address))
  if (node === undefined || userNode === undefined || closed.life.mode !== 'with-parent') return false
  return isPartOfTheEnd(node, lives) && !wentDown(userNode, lives)
}

/** L16. */
export const nothingIsUsedOnceClosed: Law = {
  id: 'L16',
  says: 'nothing is used after it was closed',
  advice: 'Declare in `uses` what it works with, and await in `drain` or `stop`, or hold a permit for, all that works with it.',
  watch: (shape) => {
    const resources = new Resources()
    return (event, lives) => {
      if (!isOfResource(event)) return undefined
      const used = resources.take(event, lives)
      if (event.type !== 'used' || used?.closedAt === undefined) return undefined
      const [by = ''] = event.others
      const user = resources.all.get(by)
      if (user?.life !== used.life && (!wasAsked(used) || lives.isTerminating(event.address) || isGivenUp(user))) return undefined
      if (user === used && isSomeUserGivenUp(event.address, { shape, lives })) return undefined
      const who = user === undefined || user === used ? '' : ` by \`${user.opened.resource}\``
      return `\`${event.resource}\` was used${who} at ${event.at} ms, after it had been closed at ${used.closedAt} ms`
    }
  },
}

/** L14, for resources. */
export const allIsClosed: Law = {
  id: 'L14',
  says: 'what a service has opened is closed when it says that it has stopped; what one that crashed had opened is, in the end',
  advice: 'Close it in `stop` and await that; what is opened half-way through a start, with `ctx.defer` in the line after it.',
  watch: () => {
    const resources = new Resources()
    let isFirst = true
    return (event, lives) => {
      if (isOfResource(event)) return void resources.take(event, lives)
      if (event.type === 'fact' && event.fact.type === 'stopped') return resources.openAt(event.fact, lives)
      if (event.type !== 'over' || !lives.isReported) return undefined
      // What was not waited for may still come between the report and the quiet after it.
      if (isFirst) {
        isFirst = false
        return undefined
      }
      const left = [...resources.all.values()].find((known) => known.closedAt === undefined && hasAcknowledged(known))
      if (left === undefined) return undefined
      return `\`${left.opened.resource}\` was opened at ${left.opened.at} ms and never closed, though it stopped at ${left.life.endedAt} ms`
    }
  },
}

function wasAsked({ life: { mode } }: Known): boolean {
  return mode === 'with-parent' || mode === 'alone'
}

// One that crashed may have closed in order all the same; one whose start or stop failed has said that it did not.
function hasAcknowledged({ life: { ended, ending, answers, hasStarted } }: Known): boolean {
  if (ended !== 'stopped' || (ending?.verdict !== 'acked' && ending?.verdict !== 'failed')) return false
  if (!hasStarted && answers.every(({ hook, how }) => hook !== 'start' || how !== 'ok')) return false
  return answers.every(({ hook, how }) => hook !== 'stop' || how === 'ok')
}

function isGivenUp(known: Known | undefined): boolean {
  const verdict = known?.life.ending?.verdict
  return verdict === 'abandoned' || verdict === 'killed'
}

// Who works with it without a resource of its own is not known: it may be one of those.
function isSomeUserGivenUp(address: string, { shape, lives }: Now): boolean {
  const users = shape.services().filter(({ uses }) => uses.some(({ target }) => target === address))
  return users.some((user) => lives.all(user.address).some(({ ending }) => ending?.verdict === 'abandoned' || ending?.verdict === 'killed'))
}
