// `quiesce graph`: a tree as a diagram, in the language of Mermaid or of Graphviz: of a file as it is written, or of a daemon as it is now.
import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { treeToDot } from '../observe/diagrams/tree-dot.js'
import { treeToMermaid } from '../observe/diagrams/tree-mermaid.js'
import { type Blueprint, everyBlueprint } from '../policy/blueprint.js'
import { chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { planIn, problemsText } from './file-plan.js'
import { everyNode, placeIn } from './live/place.js'

/** What is to be drawn. */
export interface GraphRequest extends Wanted {
  readonly command: 'graph'
  readonly fileArguments: readonly string[]
  readonly timeoutMs: number
  readonly format: 'mermaid' | 'dot'
  readonly json: boolean
}

/** A diagram as text, and whether there is one. */
export interface Graph {
  readonly text: string
  readonly isFine: boolean
  readonly notes: readonly string[]
}

const WRITERS = { mermaid: treeToMermaid, dot: treeToDot } as const
const SOURCES: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

/** Draws it. @throws UsageError, FileError, DaemonError */
export async function graphCommand(request: GraphRequest, env: NodeJS.ProcessEnv): Promise<Graph> {
  const { target } = request
  return target !== undefined && isFile(target) ? await graphOfFile(request, target) : await graphOfDaemon(request, env)
}

/** Whether a word means a file: it is one, or its name is that of a source. An address has no dots, most of the time. */
function isFile(word: string): boolean {
  return SOURCES.includes(extname(word)) || (statSync(word, { throwIfNoEntry: false })?.isFile() ?? false)
}

async function graphOfFile({ command, fileArguments, format, json }: GraphRequest, file: string): Promise<Graph> {
  const { tree, problems } = await planIn({ command, file, fileArguments }, {})
  if (tree === undefined || problems.length > 0) return { text: problemsText({ file, json }, problems), isFine: false, notes: [] }
  return { text: json ? `${JSON.stringify({ tree })}\n` : WRITERS[format](tree), isFine: true, notes: [] }
}

async function graphOfDaemon(request: GraphRequest, env: NodeJS.ProcessEnv): Promise<Graph> {
  const { daemon, below, notes } = await chooseDaemon(request, env)
  const client = new DaemonClient(daemon, request.timeoutMs)
  const [blueprint, state] = await Promise.all([client.blueprint(), client.state()])
  const node = placeIn(state, below)
  // What came at run time stands in no blueprint, but below something that does.
  const part = partAt(blueprint, node.address)
  const statuses = new Map(everyNode(node).map(({ address, status }) => [address, status]))
  const text = request.json
    ? `${JSON.stringify({ tree: part, statuses: Object.fromEntries(statuses) })}\n`
    : WRITERS[request.format](part, statuses)
  return { text, isFine: true, notes }
}

// Arrows to what is not drawn are left out.
function partAt(root: Blueprint, address: string): Blueprint {
  const all = everyBlueprint(root)
  const part = all.find((each) => each.address === address) ?? all.findLast((each) => address.startsWith(`${each.address}/`)) ?? root
  const inside = new Set(everyBlueprint(part).map((each) => each.address))
  const pruned = (each: Blueprint): Blueprint => ({
    ...each,
    uses: each.uses.filter((used) => inside.has(used)),
    children: each.children.map(pruned),
  })
  return pruned(part)
}
