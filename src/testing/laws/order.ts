// Who may be started and stopped when: L1 (users and later siblings end first, edges before all others) and L2 (used ones are ready).
import type { Law, Watcher } from '../law.js'
import type { Lives } from '../lives.js'
import { below, dependentsOf, flagsOf, type Node, pathOf, type Shape } from '../shape.js'
import type { Permits } from '../trace.js'

/** L1. */
export const dependentsStopFirst: Law = {
  id: 'L1',
  says: 'a stop reaches a service only after everything that depends on it has stopped, been killed or been given up',
  watch: (shape) => {
    const rollbacks = watchRollbacks(shape)
    return (event, lives) => {
      rollbacks.see(event, lives)
      if (event.type !== 'fact' || event.fact.type !== 'stop-requested') return undefined
      const node = shape.nodes.get(event.fact.address)
      const life = node === undefined ? undefined : lives.at(node.address)
      // Nothing depends on one that has not started; one that has ended is only found dead, one that drains is forced.
      if (node?.parent === undefined || life?.state !== 'ready') return undefined
      if (shape.isEdge(node) || (flagsOf(node.parent).order === 'graph' && lives.isNewborn(life))) return undefined
      const asked = `${name(node)} was asked to stop at ${event.at} ms`
      const doing = ({ address }: Node): string => doingAt(address, lives, event.busy)
      const waiting = mustHaveEnded(node, lives, rollbacks.has(node.parent)).find(({ address }) => lives.isAlive(address))
      if (waiting !== undefined)
        return `${asked} while ${name(waiting)}, which ${usesIt(waiting, node) ? 'uses' : 'depends on'} it, ${doing(waiting)}`
      const user = usersElsewhere(node, shape, lives).find(({ address }) => lives.isAlive(address))
      if (user !== undefined) return `${asked} while ${name(user)}, which uses it from another branch, ${doing(user)}`
      const edge = edgesBefore(node, shape, lives).find(({ address }) => lives.isAlive(address))
      if (edge === undefined) return undefined
      return `${asked} before the edge ${name(edge)} was drained: it ${doing(edge)}`
    }
  },
}

// What a service is at, in the words of its user: what it holds says more than its state.
function doingAt(address: string, lives: Lives, busy: Permits | undefined): string {
  let permits = 0
  for (const [holder, count] of busy ?? []) if (holder === address || holder.startsWith(`${address}/`)) permits += count
  if (permits > 0) return `still held ${permits} ${permits === 1 ? 'permit' : 'permits'}`
  return `is ${lives.at(address)?.state}`
}

function usesIt(user: Node, used: Node): boolean {
  return user.parent?.edges.some((edge) => edge.user === user && edge.used === used) === true
}

// A supervisor that ends, or undoes its start, takes its children in reverse; one that lives on takes with a child those that hold it.
function mustHaveEnded(node: Node, lives: Lives, isUndone: boolean): Node[] {
  const parent = node.parent as Node
  // By hand one is stopped alone.
  if (lives.isTerminating(node.address)) return []
  const isEnding = lives.at(parent.address)?.state === 'draining'
  if (isEnding || isUndone) return dependentsOf(node)
  const { strategy, order } = flagsOf(parent)
  if ((strategy === 'one-for-all' || strategy === 'rest-for-one') && order === 'declared') return dependentsOf(node)
  return parent.edges.filter(({ used, bound }) => used === node && bound).map(({ user }) => user)
}

// When the whole ends, also those that use it live, wherever they stand.
function usersElsewhere(node: Node, shape: Shape, lives: Lives): Node[] {
  if (!isPartOfTheEnd(node, lives)) return []
  const isUser = ({ uses }: Node): boolean => uses.some(({ target }) => target === node.address)
  return shape.services().filter((user) => isUser(user) && !wentDown(user, lives))
}

/** Whether it ends in its turn because the whole ends. */
export function isPartOfTheEnd(node: Node, lives: Lives): boolean {
  if (lives.stopAskedAt === undefined) return false
  return pathOf(node)
    .slice(0, -1)
    .every(({ address }, depth) => {
      const life = lives.at(address)
      return life?.mode === 'with-parent' || (depth > 0 && life?.state === 'ready' && !life.isForced)
    })
}

/** Whether it was killed, or a supervisor above it was, with which it went down. */
export function wentDown(node: Node, lives: Lives): boolean {
  return pathOf(node).some(({ address }) => lives.all(address).some(({ ending }) => ending?.exit.reason === 'killed'))
}

// The edges that must be drained first: those of the highest supervisor of whose end this is a part.
function edgesBefore(node: Node, shape: Shape, lives: Lives): Node[] {
  let top = node.parent
  while (top?.parent !== undefined && lives.at(top.address)?.mode === 'with-parent') top = top.parent
  if (top === undefined || lives.at(top.address)?.state !== 'draining') return []
  if (lives.at(top.address)?.mode === 'cancelled') return []
  const scope = top
  return below(scope).filter((edge) => shape.isEdge(edge) && edge !== node && isPartOf(edge, scope, lives))
}

// Those that were starting when the end began, and those below a supervisor with an end of its own, are not waited for.
function isPartOf(edge: Node, scope: Node, lives: Lives): boolean {
  const life = lives.at(edge.address)
  if (life === undefined || life.mode === 'cancelled' || !life.hasStarted) return false
  const between = pathOf(edge).slice(pathOf(scope).length, -1)
  return between.every(({ address }) => lives.at(address)?.state === 'ready')
}

// Supervisors whose first start is being undone: one of their children did not start, and they have not.
function watchRollbacks(shape: Shape): { see: Watcher; has: (node: Node) => boolean } {
  const undone = new Set<Node>()
  return {
    has: (node) => undone.has(node),
    see: (event, lives) => {
      if (event.type !== 'fact') return undefined
      const node = shape.nodes.get(event.fact.address)
      if (event.fact.type === 'starting' && node !== undefined) undone.delete(node)
      if (event.fact.type !== 'start-failed' || node?.parent === undefined) return undefined
      // One that was called off because of a crash beside it has not failed.
      if (lives.wasAsked(node.address)) return undefined
      if (lives.at(node.parent.address)?.state === 'starting') undone.add(node.parent)
      return undefined
    },
  }
}

/** L2. */
export const usedOnesAreReady: Law = {
  id: 'L2',
  says: 'a service is started only after what it uses is ready',
  watch: (shape) => (event, lives) => {
    if (event.type !== 'fact' || event.fact.type !== 'starting') return undefined
    const node = shape.nodes.get(event.fact.address)
    if (node?.parent === undefined) return undefined
    const isBooting = lives.at(node.parent.address)?.state === 'starting'
    const parentBornAs = lives.at(node.parent.address)?.bornAs ?? 0
    for (const { user, used, bound } of node.parent.edges) {
      if (user !== node) continue
      const life = lives.at(used.address)
      const isOfThisBoot = life !== undefined && life.bornAs >= parentBornAs
      const state = life?.state
      // One that has crashed and is still closing is not known to be gone: who uses it and is restarted then comes up again with it.
      if (bound && (state === 'starting' || (state === 'draining' && life?.mode !== 'unasked')))
        return `${name(node)} was started at ${event.at} ms while ${name(used)}, which it uses, is ${state}`
      if (isBooting && !isOfThisBoot) return `${name(node)} was started at ${event.at} ms before ${name(used)}, which it uses`
      if (isBooting && !bound && state === 'starting')
        return `${name(node)} was started at ${event.at} ms while ${name(used)}, which it uses live, is starting for the first time`
    }
    return inOrder(node, lives, event.at)
  },
}

// In the declared order one starts only when the one before it has.
function inOrder(node: Node, lives: Lives, at: number): string | undefined {
  const parent = node.parent as Node
  if (flagsOf(parent).order === 'graph' || flagsOf(parent).dynamic) return undefined
  const other = parent.children.find((sibling) => sibling !== node && lives.at(sibling.address)?.state === 'starting')
  if (other === undefined) return undefined
  return `${name(node)} was started at ${at} ms while its sibling ${name(other)} is starting, though the order is the declared one`
}

function name({ address }: Node): string {
  return `\`${address}\``
}
