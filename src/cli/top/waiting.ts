// Who is not done in a stop, and why: at work, releasing, or waiting for others who have to end before.
import { formatMs } from '../../base/duration.js'
import type { Picture } from '../../observe/picture.js'
import type { PictureNode } from '../../observe/picture-node.js'

/** One that has not stopped. */
export interface Waiting {
  readonly node: PictureNode
  /** Whether it is at it now; otherwise its turn has not come. */
  readonly isActive: boolean
  /** How long it has been in its state; undefined when nobody has told. */
  readonly forMs: number | undefined
  readonly why: string
}

const NAMED = 2

/** Those who have not stopped: the ones at work first, the longest of them on top. `now` is on the clock of the facts. */
export function waitingIn(picture: Picture, now: number): Waiting[] {
  const left = [...picture.nodes.values()].filter((node) => isLeft(node, picture))
  const users = usersOf(left)
  const edges = left.filter(({ edge }) => edge)
  const waiting = left.map((node): Waiting => {
    const isActive = node.status === 'draining'
    const forMs = node.since === undefined ? undefined : Math.max(0, now - node.since)
    const why = isActive ? workOf(node, now) : turnOf(node, { users: users.get(node.address) ?? [], edges })
    return { node, isActive, forMs: isActive ? forMs : undefined, why }
  })
  return waiting.sort((a, b) => Number(b.isActive) - Number(a.isActive) || (b.forMs ?? 0) - (a.forMs ?? 0))
}

// A supervisor is not done as long as anybody below it is not: that one is shown.
function isLeft(node: PictureNode, picture: Picture): boolean {
  if (node.status === 'stopped' || node.status === 'backing-off') return false
  return ![...picture.childrenOf(node.address)].some((child) => {
    const below = picture.nodes.get(child)
    return below !== undefined && below.status !== 'stopped' && below.status !== 'backing-off'
  })
}

function usersOf(left: readonly PictureNode[]): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { address, uses } of left) for (const used of uses) users.set(used, [...(users.get(used) ?? []), address])
  return users
}

function workOf({ state, inFlight, kind, deadlineAt }: PictureNode, now: number): string {
  const what =
    state === 'cancelling'
      ? 'its start is called off'
      : state === 'closing'
        ? 'releasing what it holds'
        : kind === 'supervisor'
          ? 'all below it have stopped'
          : inFlight > 0
            ? `${inFlight} in flight`
            : 'finishing its work'
  if (deadlineAt === undefined) return what
  const leftMs = deadlineAt - now
  return leftMs > 0 ? `${what}, cut off in ${formatMs(leftMs)}` : `${what}, its time is over`
}

function turnOf(
  { edge }: PictureNode,
  { users, edges }: { readonly users: readonly string[]; readonly edges: readonly PictureNode[] },
): string {
  if (users.length > 0) return `used by ${named(users)}`
  if (!edge && edges.length > 0) return `after the edges: ${named(edges.map(({ address }) => address))}`
  return 'its turn has not come'
}

function named(addresses: readonly string[]): string {
  const more = addresses.length - NAMED
  return `${addresses.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
