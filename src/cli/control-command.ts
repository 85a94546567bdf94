// `quiesce restart`, `drain`, `kill` and `step-down`: asks a running daemon, shows what happens until it is over, and says what came of it.
import { addressAbove } from '../base/address.js'
import { formatMs } from '../base/duration.js'
import type { Verb } from '../observe/controls.js'
import type { Frame, StateFrame } from '../observe/watch/frames.js'
import type { TreeNode } from '../tree/tree-node.js'
import { chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { DaemonError } from './daemons/daemon-error.js'
import { Aftermath } from './live/aftermath.js'
import { FactLines } from './live/fact-lines.js'
import { Following } from './live/following.js'
import { everyNode, nodeAt, placeIn } from './live/place.js'
import { stateOf } from './live/words.js'
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
  /** From now on the daemon does it, whoever looks. */
  begin(): void
  /** Notes what was passed over. */
  note(text: string): void
  /** Asks whether it is meant; undefined where there is nobody to be asked. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined
}

/** What came of it. */
export interface Controlled {
  readonly text: string
  /** Whether it was done, and in order. */
  readonly isDone: boolean
}

// More lines than that nobody reads.
const LINES_AT_MOST = 40

/** Asks, and follows. @throws DaemonError when the daemon refuses, UsageError when it was not confirmed. */
export async function controlCommand(request: ControlRequest, env: NodeJS.ProcessEnv, asker: Asker): Promise<Controlled> {
  const { daemon, below, notes } = await chooseDaemon(request, env)
  for (const note of notes) asker.note(note)
  const client = new DaemonClient(daemon, request.timeoutMs)
  const over = new AbortController()
  try {
    const frames = client.events(over.signal)
    const state = await firstState(frames)
    const node = request.command === 'step-down' && below === '' ? soleLeader(state) : placeIn(state, below)
    if (!(await isMeant(request, state, node, asker))) return { text: 'nothing was done\n', isDone: false }
    return await follow({ request, client, frames, state, node, asker })
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

function soleLeader({ tree }: StateFrame): TreeNode {
  const candidates = everyNode(tree).filter(({ leader }) => leader !== undefined)
  const leading = candidates.filter(({ leader }) => leader?.leading === true)
  const [sole, another] = leading
  if (sole !== undefined && another === undefined) return sole
  if (sole !== undefined) {
    const instead = leading.map(({ address }) => `  quiesce step-down ${address}`)
    throw new DaemonError(`${leading.length} lead in ${tree.id}; say which`, instead)
  }
  const who = candidates.map(({ address }) => address).join(', ')
  throw new DaemonError(candidates.length === 0 ? `there is no leader in ${tree.id}` : `no leader of ${tree.id} leads now: ${who}`)
}

function edgesOf(tree: TreeNode): readonly TreeNode[] {
  return everyNode(tree).filter(({ edge, status }) => edge && status !== 'stopped')
}

async function isMeant(request: ControlRequest, { tree, daemon }: StateFrame, node: TreeNode, { confirm }: Asker): Promise<boolean> {
  const { command, yes, json, target } = request
  const isWhole = command === 'drain' && node === tree
  if (yes || (command !== 'kill' && !isWhole)) return true
  const edges = edgesOf(tree).map(({ address }) => address)
  // Nothing would come of it: nobody need be asked.
  if (isWhole && edges.length === 0) throw new DaemonError(`nothing in ${tree.id} takes work in from outside; name an address`)
  const question = isWhole
    ? `${edges.join(', ')} (pid ${daemon.pid}) will take no more work until restarted.`
    : killQuestion(node, daemon.pid)
  if (confirm !== undefined && !json) return await confirm(question)
  throw new UsageError(question, command, `quiesce ${command}${target === undefined ? '' : ` ${target}`} --yes`)
}

function killQuestion({ address, inFlight }: TreeNode, pid: number): string {
  return `${address} (pid ${pid}) will be ended by force${inFlight === 0 ? '' : `, with ${inFlight} in flight`}.`
}

// --- what happens

interface Asked {
  readonly request: ControlRequest
  readonly client: DaemonClient
  readonly frames: AsyncGenerator<Frame>
  readonly state: StateFrame
  readonly node: TreeNode
  readonly asker: Asker
}

async function follow({ request, client, frames, state, node, asker }: Asked): Promise<Controlled> {
  const { command: verb, json } = request
  const { address } = node
  const isWhole = verb === 'drain' && node === state.tree
  const about = isWhole ? { own: edgesOf(state.tree).map((edge) => edge.address), others: NOBODY } : aboutOf(verb, state.tree, address)
  const lines = new FactLines(state.at, json ? 0 : LINES_AT_MOST, (line) => asker.show(line))
  const aftermath = new Aftermath(about.own)
  // When the last of it happened: what this program takes to ask and to hear of it is not the daemon's time.
  let overAt = state.at
  const following = new Following(frames, state.seq, (frame) => {
    aftermath.take(frame.fact)
    if (!isAbout(about, frame.fact.address)) return
    overAt = frame.fact.at
    lines.add(frame)
  })
  asker.begin()
  const outcome = await client.control(verb, isWhole ? undefined : address)
  // The answer may have come before the facts that led to it.
  await following.reached((await client.state()).seq)
  // Who is killed may be on its way back.
  if (verb === 'kill') await following.until(() => !aftermath.isRestarting)
  if (!json) lines.end()
  const now = nodeAt((await client.state()).tree, address)
  const tookMs = Math.round(Math.max(0, overAt - state.at))
  const isDone = verb === 'kill' || aftermath.disorder === undefined
  if (json) {
    const answer = { verb, address, ok: isDone, outcome, disorder: aftermath.disorder, state: now && stateOf(now), tookMs }
    return { text: `${JSON.stringify(answer)}\n`, isDone }
  }
  const disorder = isDone ? '' : `, not in order (${aftermath.disorder})`
  const shown = verb !== 'kill' ? '' : ` (now ${now === undefined ? 'gone' : stateOf(now)})`
  return { text: `done in ${formatMs(tookMs)}${disorder}: ${outcome}${shown}\n`, isDone }
}

interface About {
  readonly own: readonly string[]
  readonly others: ReadonlySet<string>
}

const NOBODY: ReadonlySet<string> = new Set()

// What a supervisor does with its other children on the occasion is told as well, but not what they do with theirs.
function isAbout({ own, others }: About, address: string): boolean {
  return others.has(address) || own.some((target) => address === target || address.startsWith(`${target}/`))
}

function aboutOf(verb: Verb, tree: TreeNode, address: string): About {
  const parent = nodeAt(tree, addressAbove(address))
  const isAlone = (verb !== 'restart' && verb !== 'kill') || parent === undefined || parent.dynamic
  return { own: [address], others: isAlone ? NOBODY : new Set(parent.children.map((child) => child.address)) }
}
