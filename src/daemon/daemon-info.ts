// What does not change while a daemon lives: told once at the start, and to whoever looks.
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { DaemonInfo } from '../observe/daemon-info.js'
import { everyNode, type TreeNode } from '../tree/tree-node.js'
import type { Settings } from './options.js'
import { keptAfterTree } from './stopping.js'

// A tree that is bigger is told of by its size.
const ADDRESSES_AT_MOST = 200

/** About this process and this run. */
export function daemonInfo(id: string, settings: Settings): DaemonInfo {
  const { run, version, graceMs, lameDuckMs } = settings
  return {
    run,
    id,
    pid: process.pid,
    host: hostname(),
    node: process.version,
    version,
    quiesce: ownVersion(),
    graceMs,
    stopMs: graceMs - keptAfterTree(settings),
    lameDuckMs,
  }
}

/** The addresses of a tree as it is written, for one line of the log; only how many there are when that would be too long. */
export function addressesOf(root: TreeNode): readonly string[] | number {
  const nodes = everyNode(root)
  return nodes.length <= ADDRESSES_AT_MOST ? nodes.map(({ address }) => address) : nodes.length
}

/** The version of this package; undefined where it was bundled into somebody's program and has no file of its own any more. */
export function ownVersion(): string | undefined {
  try {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    return (JSON.parse(text) as { readonly version: string }).version
  } catch {
    return undefined
  }
}
