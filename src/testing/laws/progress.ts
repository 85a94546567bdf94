// L11: nothing waits for a condition that already holds. Asked whenever time is about to pass: then somebody must have a reason to wait.
import type { Law } from '../law.js'
import type { Life, Lives } from '../lives.js'
import { allDependentsOf, below, flagsOf, type Node, pathOf, type Shape } from '../shape.js'
import type { Permits, TraceEvent } from '../trace.js'
import { nameOf } from './lifetimes.js'

/** L11. */
export const nothingWaitsInVain: Law = {
  id: 'L11',
  says: 'nothing waits for a condition that already holds',
  watch: (shape) => {
    const waits = new Map<string, number>()
    return (event, lives) => {
      noteWaits(waits, event)
      if (event.type !== 'rested') return undefined
      for (const node of shape.nodes.values()) {
        const life = lives.at(node.address)
        if (life === undefined || life.state === 'ended' || life.state === 'unborn') continue
        const problem =
          node.spec.kind === 'service'
            ? serviceProblem(life, event.busy)
            : supervisorProblem(node, life, { shape, lives, waits, at: event.at, busy: event.busy })
        if (problem !== undefined) return problem
      }
      return undefined
    }
  },
}

// Until when whom a supervisor lets wait for its restart.
function noteWaits(waits: Map<string, number>, event: TraceEvent): void {
  if (event.type !== 'fact' || event.fact.type !== 'backing-off') return
  const { supervisor, delayMs } = event.fact
  waits.set(supervisor, Math.max(waits.get(supervisor) ?? 0, event.at + delayMs))
}

function serviceProblem(life: Life, busy: Permits): string | undefined {
  if (life.running.size > 0 || busy.has(life.address)) return undefined
  if (life.state === 'draining') return `${nameOf(life)} is draining although none of its hooks runs and no permit of it is out`
  if (life.state === 'starting') return `${nameOf(life)} is starting although its \`start\` does not run`
  return undefined
}

/** How things stand when time is about to pass. */
interface Now {
  readonly shape: Shape
  readonly lives: Lives
  /** Until when a supervisor lets somebody wait for its restart. */
  readonly waits: ReadonlyMap<string, number>
  readonly at: number
  /** The services that hold accepted work. */
  readonly busy: Permits
}

function supervisorProblem(node: Node, life: Life, { shape, lives, waits, at, busy }: Now): string | undefined {
  const isBusy = below(node).some((each) => busy.has(each.address) || isBusyAt(each, lives))
  const isBackingOff = (waits.get(node.address) ?? Number.NEGATIVE_INFINITY) >= at
  if (life.state === 'draining') {
    if (!isBusy) return `${nameOf(life)} is draining although nobody below it is`
    return laggard(node, shape, lives)
  }
  if (life.state === 'starting') {
    if (!isBusy && !isBackingOff) return `${nameOf(life)} is starting although nobody below it is`
    return isBackingOff ? undefined : lateStarter(node, lives)
  }
  // Stopping by hand the one whose restart failed calls the restart of its group off, as in OTP.
  if (node.children.some(({ address }) => lives.isTerminating(address))) return undefined
  if (isBusy || isBackingOff || lives.stopAskedAt !== undefined || pathOf(node).some((above) => lives.at(above.address)?.state !== 'ready'))
    return undefined
  const dead = node.children.find((child) => isOwed(child, life, lives))
  return dead === undefined
    ? undefined
    : `\`${dead.address}\` has crashed, and nobody restarts it although ${nameOf(life)} has nothing else to do`
}

/** Whether time can change something there: it is on its way up or down, or what is left of it still runs. */
function isBusyAt({ address }: Node, lives: Lives): boolean {
  return lives.all(address).some(({ state, running }) => state === 'starting' || state === 'draining' || running.size > 0)
}

function isOwed(child: Node, over: Life, lives: Lives): boolean {
  const life = lives.at(child.address)
  if (
    life?.state !== 'ended' ||
    life.bornAs < over.bornAs ||
    !life.hasStarted ||
    life.ending === undefined ||
    life.ending.asked ||
    lives.isUnwanted(child.address)
  )
    return false
  const { restart } = child.spec
  const { reason } = life.ending.exit
  const isClean = reason === 'normal' || reason === 'shutdown'
  return restart === 'permanent' || (restart === 'transient' && !isClean)
}

// Along the graph, a child whose users have all ended is asked in the same moment; before that all edges have to be drained.
function laggard(node: Node, shape: Shape, lives: Lives): string | undefined {
  if (flagsOf(node).order !== 'graph' || below(shape.root).some((each) => shape.isEdge(each) && lives.isAlive(each.address)))
    return undefined
  if (below(node).some(({ address }) => lives.all(address).some(({ state }) => state === 'starting'))) return undefined
  const waiting = node.children.find(
    (child) => lives.at(child.address)?.state === 'ready' && allDependentsOf(child).every(({ address }) => !lives.isAlive(address)),
  )
  return waiting === undefined ? undefined : `\`${waiting.address}\` has not been asked to stop although all that use it have ended`
}

// Along the graph, a child starts in the moment at which all it uses is ready, unless something has gone wrong.
function lateStarter(node: Node, lives: Lives): string | undefined {
  if (flagsOf(node).order !== 'graph') return undefined
  const bornAs = lives.at(node.address)?.bornAs ?? 0
  const ofNow = (child: Node): Life | undefined => lives.all(child.address).findLast((life) => life.bornAs >= bornAs)
  if (node.children.some((child) => ofNow(child)?.state === 'ended' || ofNow(child)?.state === 'draining')) return undefined
  // One that waits for the teardown of an earlier incarnation has not been seen yet.
  const isFree = (child: Node): boolean =>
    [child, ...below(child)].every(({ address }) => lives.all(address).every((life) => life.running.size === 0))
  // One that was added at run time waits until the others have started.
  const waiting = node.children
    .slice(0, node.writtenCount)
    .find(
      (child) =>
        ofNow(child) === undefined &&
        isFree(child) &&
        node.edges.every(({ user, used }) => user !== child || ofNow(used)?.state === 'ready'),
    )
  return waiting === undefined ? undefined : `\`${waiting.address}\` has not been started although all it uses is ready`
}
