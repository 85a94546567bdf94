// Finds what somebody means in a running tree: the way from the root, with the root's own id or without it.
import type { StateFrame } from '../../observe/watch/frames.js'
import type { TreeNode } from '../../tree/tree-node.js'
import { DaemonError } from '../daemons/daemon-error.js'
import { nearest } from '../nearest.js'

/** The place at an address. @throws DaemonError when there is none. */
export function placeIn({ tree, daemon }: StateFrame, below: string): TreeNode {
  if (below === '') return tree
  const found = nodeAt(tree, `${tree.address}/${below}`) ?? nodeAt(tree, below)
  if (found !== undefined) return found
  const near = meant(tree, below)
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  throw new DaemonError(`there is no ${below} in ${tree.address} (pid ${daemon.pid})${hint}`, [
    `\`quiesce tree ${tree.address}\` shows what there is.`,
  ])
}

// The last id of the one that is meant, or nearly its address.
function meant(tree: TreeNode, below: string): string | undefined {
  const addresses = everyNode(tree).map(({ address }) => address.slice(tree.address.length + 1))
  const near = addresses.find((address) => address.endsWith(`/${below}`)) ?? nearest(below, addresses)
  return near === undefined || near === '' ? undefined : `${tree.address}/${near}`
}

/** All of a tree, parents before children. */
export function everyNode(root: TreeNode): TreeNode[] {
  const all = [root]
  // The list grows while it is walked.
  for (const node of all) all.push(...node.children)
  return all
}

/** The place at a whole address; undefined when there is none. */
export function nodeAt(node: TreeNode, address: string): TreeNode | undefined {
  if (node.address === address) return node
  if (!address.startsWith(`${node.address}/`)) return undefined
  for (const child of node.children) {
    const found = nodeAt(child, address)
    if (found !== undefined) return found
  }
  return undefined
}
