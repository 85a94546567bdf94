// Why a stop is not over yet: who has not ended, and for what each of them waits.
import type { Picture } from './picture.js'
import type { PictureNode } from './picture-node.js'

/** One service that has not ended. */
export interface Unfinished {
  readonly node: PictureNode
  /** `waiting for 2 in flight`, `after shop/api`. */
  readonly why: string
  /** Whether it is doing something; the others wait for their turn. */
  readonly isActive: boolean
}

/** The services that a stop still has to end, those that hold it up first, the longest at it before the others. */
export function unfinished(picture: Picture): Unfinished[] {
  const alive = [...picture.nodes.values()].filter((node) => node.state !== 'stopped')
  const users = usersOf(alive)
  const hasEdges = alive.some(({ edge }) => edge)
  const found: Unfinished[] = []
  for (const node of alive) {
    // Of a supervisor its children say more, as long as it has any.
    const isOver = [...picture.childrenOf(node.address)].every((child) => picture.nodes.get(child)?.state === 'stopped')
    if (node.kind === 'supervisor' && !isOver) continue
    found.push({ node, why: reasonOf(node, users.get(node.address) ?? [], hasEdges), isActive: node.status === 'draining' })
  }
  return found.sort((one, other) => Number(other.isActive) - Number(one.isActive) || (one.node.since ?? 0) - (other.node.since ?? 0))
}

function usersOf(nodes: readonly PictureNode[]): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { address, uses } of nodes) for (const used of uses) users.set(used, [...(users.get(used) ?? []), address])
  return users
}

function reasonOf(node: PictureNode, users: readonly string[], hasEdges: boolean): string {
  switch (node.state) {
    case 'cancelling':
      return 'its start is being called off'
    case 'settling':
      return node.inFlight > 0 ? `waiting for ${node.inFlight} in flight` : 'finishing'
    case 'closing':
      return node.kind === 'supervisor' ? 'ending, its children have' : 'closing what it holds'
    default:
      if (users.length > 0) return `after ${users[0]}${users.length > 1 ? ` and ${users.length - 1} more that use it` : ', which uses it'}`
      return hasEdges && !node.edge ? 'after the edges' : 'waits for its turn'
  }
}
