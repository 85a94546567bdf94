// Which services of a running tree are shown when there are too many: those that tell something, and the rest as one line of numbers.
import type { TreeNode } from '../../tree/tree-node.js'
import { stateOf } from './words.js'

/** How much is shown. */
export interface Folding {
  /** Levels below the first; infinite for all. */
  readonly depth: number
  /** Children of one supervisor. */
  readonly children: number
}

/** A line of the picture. */
export interface Row {
  /** How deep it stands. */
  readonly depth: number
  /** The lines that lead to it: `│  ├─ `. */
  readonly lead: string
  /** Undefined for a line that stands for several. */
  readonly node: TreeNode | undefined
  /** Those that it stands for: everything below a supervisor that is not opened, or the siblings that are left out. */
  readonly folded: readonly TreeNode[]
}

/** The rows of a tree, top to bottom. */
export function rowsOf(root: TreeNode, folding: Folding): Row[] {
  const rows: Row[] = []
  const add = (node: TreeNode, depth: number, head: string, indent: string): void => {
    const isOpen = depth < folding.depth
    rows.push({ depth, lead: head, node, folded: isOpen ? [] : node.children })
    if (!isOpen) return
    const shown = telling(node.children, folding.children)
    const left = node.children.filter((child) => !shown.has(child))
    const last = left.length > 0 ? undefined : node.children.at(-1)
    for (const child of node.children) {
      if (!shown.has(child)) continue
      add(child, depth + 1, `${indent}${child === last ? '└─ ' : '├─ '}`, `${indent}${child === last ? '   ' : '│  '}`)
    }
    if (left.length > 0) rows.push({ depth: depth + 1, lead: `${indent}└─ `, node: undefined, folded: left })
  }
  add(root, 0, '', '')
  return rows
}

/** Everything in some trees, in a few words: `988 ready, 2 starting, 14 in flight`. */
export function sumOf(nodes: readonly TreeNode[]): string {
  const states = new Map<string, number>()
  let inFlight = 0
  for (const node of servicesIn(nodes)) {
    const state = stateOf(node)
    states.set(state, (states.get(state) ?? 0) + 1)
    inFlight += node.inFlight
  }
  const parts = [...states].sort((a, b) => b[1] - a[1]).map(([state, number]) => `${number} ${state}`)
  if (inFlight > 0) parts.push(`${inFlight} in flight`)
  return parts.join(', ')
}

/** The services of some trees, without their supervisors; an empty supervisor stands for itself. */
export function servicesIn(nodes: readonly TreeNode[]): TreeNode[] {
  const all = [...nodes]
  // The list grows while it is walked.
  for (const node of all) all.push(...node.children)
  return all.filter(({ kind }) => kind === 'service')
}

/** How much a service wants to be looked at: 0 when all is well and idle. */
export function urgencyOf(node: TreeNode): number {
  if (node.status === 'backing-off') return 6
  if (node.state !== 'ready' && node.state !== 'stopped') return 5
  if ((node.health?.misses ?? 0) > 0) return 4
  if ((node.restarts?.count ?? 0) > 0) return 3
  if (node.incarnation > 1) return 2
  return node.inFlight > 0 ? 1 : 0
}

function telling(children: readonly TreeNode[], most: number): ReadonlySet<TreeNode> {
  if (children.length <= most) return new Set(children)
  const ranked = children.map((child, at) => ({ child, at, rank: mostUrgent(child) }))
  ranked.sort((a, b) => b.rank - a.rank || b.child.inFlight - a.child.inFlight || a.at - b.at)
  // One line is for the rest.
  return new Set(ranked.slice(0, most - 1).map(({ child }) => child))
}

function mostUrgent(node: TreeNode): number {
  return node.children.reduce((most, child) => Math.max(most, mostUrgent(child)), urgencyOf(node))
}
