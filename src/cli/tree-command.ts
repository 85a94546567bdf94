// `quiesce tree`: what runs in a daemon now, and how each service is.
import type { TreeNode } from '../tree/tree-node.js'
import { chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { rowsOf } from './live/folding.js'
import { headline, type Standing, summary } from './live/headline.js'
import { placeIn } from './live/place.js'
import { drawTable } from './live/table.js'
import { paint, type Surface } from './paint.js'

// More siblings than that are no picture any more.
const CHILDREN = 24

/** What is to be shown. */
export interface TreeRequest extends Wanted {
  readonly timeoutMs: number
  /** Levels below the first; infinite for all. */
  readonly depth: number
  readonly all: boolean
  readonly json: boolean
}

/** A picture of a running tree, and what was passed over while its daemon was looked for. @throws DaemonError */
export async function treeCommand(
  request: TreeRequest,
  env: NodeJS.ProcessEnv,
  surface: Surface,
): Promise<{ readonly text: string; readonly notes: readonly string[] }> {
  const { daemon, below, notes } = await chooseDaemon(request, env)
  const state = await new DaemonClient(daemon, request.timeoutMs).state()
  const node = placeIn(state, below)
  const { depth, all } = request
  if (request.json) {
    const { daemon, at, wallAt, report } = state
    return { text: `${JSON.stringify({ daemon, at, wallAt, tree: pruned(node, depth), report })}\n`, notes }
  }
  const rows = rowsOf(node, { depth, children: all ? Number.POSITIVE_INFINITY : CHILDREN })
  // While balancers take notice every service is ready still.
  const isStopping = state.stop !== undefined && state.stop.endedAt === undefined
  const standing: Standing | undefined = isStopping ? { word: 'stopping', tone: 'busy' } : undefined
  const lines = [headline(state, surface.width, standing), summary(node), [], ...drawTable(rows, surface)]
  return { text: `${lines.map((line) => paint(line, surface)).join('\n')}\n`, notes }
}

function pruned(node: TreeNode, depth: number): TreeNode {
  return { ...node, children: depth > 0 ? node.children.map((child) => pruned(child, depth - 1)) : [] }
}
