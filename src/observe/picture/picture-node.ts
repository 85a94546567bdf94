// One service as inspectors see it, and what each fact about it changes. Nodes are never changed, only replaced.
import type { TreeNode } from '../../tree/tree-node.js'
import type { Gauges, MachineState, WireFact } from '../watch/frames.js'

/** One service of the tree, with what its facts have told. */
export interface PictureNode extends Omit<TreeNode, 'children'> {
  /** The address of its supervisor; undefined for the root. */
  readonly parent: string | undefined
  /** When it came into its state, on the clock of the facts; undefined when nobody has told. */
  readonly since: number | undefined
  /** When it was asked to stop; undefined while it is not. */
  readonly askedAt: number | undefined
  /** When its drain must be over; undefined while it does not drain, and without a limit. */
  readonly deadlineAt: number | undefined
  /** When it will be started again, while it is backing off. */
  readonly retryAt: number | undefined
  readonly machine: MachineState | undefined
}

/** A node of the tree, nothing being known but what it says. */
export function nodeOf({ children: _, ...tree }: TreeNode, parent: string | undefined): PictureNode {
  return { ...tree, parent, since: undefined, askedAt: undefined, deadlineAt: undefined, retryAt: undefined, machine: undefined }
}

/** One that nobody has told of but the fact that it starts. `sibling`: another child of its supervisor, to judge by. */
export function newcomer(address: string, parent: string, sibling: PictureNode | undefined): PictureNode {
  const node: TreeNode = {
    id: address.slice(parent.length + 1),
    address,
    kind: sibling?.kind ?? 'service',
    status: 'stopped',
    state: 'stopped',
    incarnation: 0,
    inFlight: 0,
    edge: sibling?.edge ?? false,
    dynamic: sibling?.dynamic ?? false,
    uses: sibling?.uses ?? [],
    restart: sibling?.restart ?? 'permanent',
    hasMachine: sibling?.hasMachine ?? false,
    children: [],
  }
  return nodeOf(node, parent)
}

/** The node after a fact about it; the same one when that changes nothing. */
export function nodeAfter(node: PictureNode, fact: WireFact): PictureNode {
  // What an earlier incarnation does late is no longer how the place is.
  if ('incarnation' in fact && fact.incarnation !== undefined && fact.incarnation < node.incarnation) return node
  switch (fact.type) {
    case 'starting': {
      const unknown = { askedAt: undefined, machine: undefined, predecessor: undefined }
      return { ...entered(node, 'starting', fact.at), incarnation: fact.incarnation, inFlight: 0, ...unknown }
    }
    case 'started':
      return { ...entered(node, 'ready', fact.at), health: node.health && { ...node.health, misses: 0 } }
    case 'stop-requested':
      return node.status === 'stopped' ? node : { ...node, askedAt: node.askedAt ?? fact.at }
    case 'draining': {
      const deadlineAt = fact.deadlineMs === null ? undefined : fact.at + fact.deadlineMs
      return { ...entered(node, fact.state, fact.at), inFlight: fact.inFlight, deadlineAt }
    }
    case 'closing':
      return node.state === 'closing' ? node : { ...entered(node, 'closing', fact.at), deadlineAt: node.deadlineAt }
    case 'forced':
      return { ...node, inFlight: fact.inFlight }
    case 'stopped':
    case 'start-failed':
    case 'ignored':
      return { ...ended(node, fact.at), incarnation: Math.max(node.incarnation, fact.incarnation) }
    case 'backing-off':
      return { ...node, status: 'backing-off', since: fact.at, retryAt: fact.delayMs === null ? undefined : fact.at + fact.delayMs }
    case 'wait-dropped':
      return node.status === 'backing-off' ? { ...node, status: 'stopped', since: fact.at, retryAt: undefined } : node
    case 'health-missed':
      return { ...node, health: { misses: fact.misses, limit: fact.limit } }
    case 'transition':
      return { ...node, hasMachine: true, machine: { value: fact.value, event: fact.event, at: fact.at } }
    case 'promoted':
      return { ...node, leader: { leading: true, term: fact.term } }
    case 'stepped-down':
    case 'lease-lost':
    case 'promotion-failed':
      return { ...node, leader: { leading: false, term: undefined } }
    default:
      return node
  }
}

/** The supervisor after one of its children has been restarted by it. */
export function supervisorAfter(node: PictureNode, { count, max, withinMs }: WireFact & { readonly type: 'restarting' }): PictureNode {
  return { ...node, restarts: { count, max, withinMs: withinMs ?? Number.POSITIVE_INFINITY } }
}

/** The node with what was measured of it. */
export function measured(node: PictureNode, gauges: Gauges): PictureNode {
  return { ...node, ...gauges }
}

/** The node, known by its facts alone, with what the tree says of it besides: where it is in its life its facts know better. */
export function described(node: PictureNode, tree: TreeNode): PictureNode {
  const { children: _, status: _status, state: _state, incarnation: _incarnation, ...rest } = tree
  return { ...node, ...rest }
}

/** What is known of a node besides what a new state says of it, where the two agree. */
export function remembering(node: PictureNode, before: PictureNode | undefined): PictureNode {
  if (before === undefined || before.incarnation !== node.incarnation) return node
  const machine = node.machine ?? before.machine
  if (before.state !== node.state || before.status !== node.status) return { ...node, machine }
  const { since, askedAt, deadlineAt, retryAt } = before
  return { ...node, since, askedAt, deadlineAt, retryAt, machine }
}

function entered(node: PictureNode, state: PictureNode['state'], at: number): PictureNode {
  return { ...node, state, status: statusIn(state), since: at, deadlineAt: undefined, retryAt: undefined }
}

function ended(node: PictureNode, at: number): PictureNode {
  // What is measured is measured of somebody who is there.
  const measured = { inFlight: 0, capacity: undefined, waiting: undefined, health: undefined, restarts: undefined, predecessor: undefined }
  return { ...entered(node, 'stopped', at), ...measured, askedAt: undefined }
}

/** How people call a state of the lifecycle. */
export function statusIn(state: PictureNode['state']): PictureNode['status'] {
  return state === 'cancelling' || state === 'settling' || state === 'closing' ? 'draining' : state
}
