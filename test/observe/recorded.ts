// Runs of real systems in virtual time as the frames that an inspector would be sent.
import type { FactFrame, StateFrame, WireFact } from '../../src/observe/watch/frames.js'
import type { Fact } from '../../src/protocol/fact.js'
import type { TreeNode } from '../../src/tree/tree-node.js'

/** A state as a daemon would send it. */
export function stateFrame(tree: TreeNode, { seq, at }: { readonly seq: number; readonly at: number }): StateFrame {
  const daemon = { run: 'r1', id: tree.id, pid: 7, host: 'here', node: 'v24', version: '1', quiesce: '1', graceMs: 30_000, lameDuckMs: 0 }
  return { type: 'state', seq, at, wallAt: 1_000_000 + at, daemon, tree, charts: {}, controls: false }
}

/** A fact as a daemon would send it; through JSON, as everything is that is sent. */
export function factFrame(fact: Fact, seq: number): FactFrame {
  const wired = JSON.parse(JSON.stringify(fact, (_key, value) => (typeof value === 'bigint' ? String(value) : value))) as WireFact
  return { type: 'fact', seq, fact: wired }
}

/** What facts alone tell of a tree: who is there, and how; but for those `untold`, of whom nobody knows how they are. */
export function told(tree: TreeNode, untold: ReadonlySet<string> = new Set()): object {
  const visit = ({ address, status, state, incarnation, children }: TreeNode): object => {
    const how = untold.has(address) ? {} : { status, state, incarnation }
    return { address, ...how, children: children.map(visit) }
  }
  return visit(tree)
}

/** Those that wait for what is left of their predecessors before they begin: they are starting, but no fact has said so yet. */
export function untoldIn(tree: TreeNode, facts: readonly FactFrame[]): Set<string> {
  const begun = new Set(facts.flatMap(({ fact }) => (fact.type === 'starting' ? `${fact.address}#${fact.incarnation}` : [])))
  const untold = new Set<string>()
  const visit = ({ address, status, incarnation, children }: TreeNode): void => {
    if (status === 'starting' && !begun.has(`${address}#${incarnation}`)) untold.add(address)
    children.forEach(visit)
  }
  visit(tree)
  return untold
}
