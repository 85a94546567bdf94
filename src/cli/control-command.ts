// `quiesce restart`, `drain`, `kill` and `step-down`: asks a running daemon, shows what happens until it is over, and says what came of it.
import { formatMs } from '../base/duration.js'
import type { Verb } from '../observe/controls.js'
import type { Frame, StateFrame } from '../observe/frames.js'
import type { TreeNode } from '../tree/tree-node.js'
import { chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { DaemonError } from './daemons/daemon-error.js'
import { FactLines } from './live/fact-lines.js'
import { Following } from './live/following.js'
import { everyNode, nodeAt, placeIn } from './live/place.js'
import type { Line } from './paint.js'
import { UsageError } from './usage-error.js'

/** What is asked for. */
export interface ControlRequest extends Wanted {
  readonly command: Verb
  readonly yes: boolean
  readonly timeoutMs: number
  readonly json: boolean
}

/** Who has asked. */
export interface Asker {
  /** Shows a line at once. */
  show(line: Line): void
  /** Notes what was passed over. */
  note(text: string): void
  /** Asks whether it is meant; undefined where there is nobody to be asked. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined
}

/** What came of it. */
export interface Controlled {
  readonly text: string
  readonly done: boolean
}

// More lines than that nobody reads.
const LINES_AT_MOST = 40

/** Asks, and follows. @throws DaemonError when the daemon refuses, UsageError when it was not confirmed. */
export async function controlCommand(request: ControlRequest, env: NodeJS.ProcessEnv, asker: Asker): Promise<Controlled> {
  const { command: verb, timeoutMs, json } = request
  const { daemon, below, notes } = await chooseDaemon(request, env)
  for (const note of notes) asker.note(note)
  const client = new DaemonClient(daemon, timeoutMs)
  const over = new AbortController()
  const frames = client.events(over.signal)
  try {
    const state = await firstState(frames)
    const targets = targetsOf(verb, state, below)
    if (!(await isMeant(request, state, targets, asker))) return { text: '', done: false }
    const isWhole = verb === 'drain' && targets[0] === state.tree
    const [{ address } = state.tree] = targets
    const lines = new FactLines(state.at, json ? 0 : LINES_AT_MOST, (line) => asker.show(line))
    const about = aboutOf(verb, state.tree, address)
    const following = new Following(frames, state.seq, (fact) => isAbout(about, fact.address) && lines.add(fact))
    const outcome = await client.control(verb, isWhole ? undefined : address)
    // The answer may have come before the facts that led to it.
    const after = await client.state()
    await following.reached(after.seq)
    if (!json) lines.end()
    const { status } = verb === 'kill' ? (nodeAt(after.tree, address) ?? { status: 'gone' }) : { status: undefined }
    const tookMs = Math.round(after.at - state.at)
    if (json) return { text: `${JSON.stringify({ verb, address, ok: true, outcome, status, tookMs })}\n`, done: true }
    return { text: `${outcome}${status === undefined ? '' : ` (now: ${status})`}, after ${formatMs(tookMs)}\n`, done: true }
  } finally {
    over.abort()
  }
}

async function firstState(frames: AsyncGenerator<Frame>): Promise<StateFrame> {
  for (;;) {
    const { value, done } = await frames.next()
    if (done === true) throw new DaemonError('the daemon ended before it had said anything')
    if (value.type === 'state') return value
  }
}

// --- what is meant

function targetsOf(verb: Verb, state: StateFrame, below: string): readonly TreeNode[] {
  if (verb === 'step-down' && below === '') return [soleLeader(state)]
  return [placeIn(state, below)]
}

function soleLeader({ tree }: StateFrame): TreeNode {
  const candidates = everyNode(tree).filter(({ leader }) => leader !== undefined)
  const leading = candidates.filter(({ leader }) => leader?.leading === true)
  const [sole, another] = leading
  if (sole === undefined) {
    const who = candidates.map(({ address }) => address).join(', ')
    throw new DaemonError(
      candidates.length === 0 ? `there is no leader in ${tree.id}` : `nobody leads in ${tree.id}: ${who} would, if it held the lease`,
    )
  }
  if (another === undefined) return sole
  throw new DaemonError(
    `${leading.length} lead in ${tree.id}; say which`,
    leading.map(({ address }) => `  quiesce step-down ${address}`),
  )
}

function edgesOf(tree: TreeNode): readonly TreeNode[] {
  return everyNode(tree).filter(({ edge, status }) => edge && status !== 'stopped')
}

async function isMeant(
  { command, yes, json }: ControlRequest,
  { tree, daemon }: StateFrame,
  targets: readonly TreeNode[],
  { confirm }: Asker,
): Promise<boolean> {
  const [node = tree] = targets
  const isWhole = command === 'drain' && node === tree
  if (yes || (command !== 'kill' && !isWhole)) return true
  const question = isWhole ? wholeQuestion(tree, daemon.pid) : killQuestion(node, daemon.pid)
  if (confirm === undefined || json) throw new UsageError(`${question} Say --yes`, command)
  return await confirm(question)
}

function wholeQuestion(tree: TreeNode, pid: number): string {
  const edges = edgesOf(tree).map(({ address }) => address)
  return `${edges.length === 0 ? tree.id : edges.join(', ')} (pid ${pid}) will take no more work until restarted.`
}

function killQuestion({ address, inFlight }: TreeNode, pid: number): string {
  return `${address} (pid ${pid}) will be ended by force, ${inFlight === 0 ? 'nothing is in flight' : `${inFlight} in flight cut off`}.`
}

// What a supervisor does with its other children on the occasion is told as well, but not what they do with theirs.
function isAbout({ own, others }: About, address: string): boolean {
  return others.has(address) || own.some((target) => address === target || address.startsWith(`${target}/`))
}

interface About {
  readonly own: readonly string[]
  readonly others: ReadonlySet<string>
}

function aboutOf(verb: Verb, tree: TreeNode, address: string): About {
  if (address === tree.address) return { own: edgesOf(tree).map((edge) => edge.address), others: new Set() }
  const parent = nodeAt(tree, address.slice(0, address.lastIndexOf('/')))
  const isAlone = (verb !== 'restart' && verb !== 'kill') || parent === undefined || parent.dynamic
  return { own: [address], others: new Set(isAlone ? [] : parent.children.map((child) => child.address)) }
}
