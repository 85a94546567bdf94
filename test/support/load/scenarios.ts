// One run: servers as processes, clients on them, a signal in the middle of it, and the count of what it did to the requests.
import { seeded } from '../../../src/testing/seeded.ts'
import { Balancer } from './balancer.ts'
import { Load } from './clients.ts'
import { delayProxy } from './delay-proxy.ts'
import { count, type Figures } from './figures.ts'
import { type Command, type Ended, ServerProcess } from './server-process.ts'

/**
 * What the clients are up against: nothing special; 10 ms of distance each way and pools that open no connection once the signal was
 * sent; a balancer over two servers that takes 1.5 s to notice that one of them is going.
 */
export type Scenario = 'plain' | 'distant' | 'balanced'

export interface RunOptions {
  readonly scenario: Scenario
  readonly seed: number
  readonly server: Command
  /** How long the load goes on after the signal at most. */
  readonly loadMs: number
  /** How long to wait after the load for the last answers, and then for the end of the process. Default 3 s. */
  readonly patienceMs?: number
}

/** What came of a run. Times in milliseconds. */
export interface Run extends Figures {
  /** How the process ended, unless it had to be killed. */
  readonly ended: Ended | undefined
  /** Whether it ended while the load still lasted. */
  readonly inTime: boolean
  /** From the signal to the end of the process. */
  readonly exitMs: number | undefined
  /** From the last answer that it gave to the end of the process; the whole lame duck counts as an answer. */
  readonly afterLastMs: number | undefined
  /** Connections that a balancer opened to the server after its readiness had gone. */
  readonly lateConnections: number
  /** Requests that a balancer had to take elsewhere, since the server did not listen any more. */
  readonly rerouted: number
  readonly transcript: string
}

const DISTANCE_MS = 10
const NOTICE_MS = 1_500
/** How long a balanced server goes on as before: longer than a balancer needs, and its last request. */
export const LAME_DUCK_MS = 2_000

/** Plays one scenario with one server. The same seed makes the same clients. */
export async function play(options: RunOptions): Promise<Run> {
  const { scenario, server: command } = options
  if (scenario !== 'balanced') {
    await using server = await ServerProcess.start(command)
    if (scenario === 'plain') return await stopUnderLoad(options, [server], server.port)
    await using proxy = await delayProxy(server.port, DISTANCE_MS)
    return await stopUnderLoad(options, [server], proxy.port)
  }
  const lasting = { ...command, env: { ...command.env, LAME_DUCK: String(LAME_DUCK_MS) } }
  await using server = await ServerProcess.start(lasting)
  await using other = await ServerProcess.start(lasting)
  await using balancer = await Balancer.open([server, other], NOTICE_MS)
  const run = await stopUnderLoad(options, [server, other], balancer.port)
  return { ...run, lateConnections: balancer.lateConnections, rerouted: balancer.refusedCount }
}

/** Signals the first server. */
async function stopUnderLoad(options: RunOptions, servers: readonly ServerProcess[], port: number): Promise<Run> {
  const { scenario, seed, loadMs, patienceMs = 3_000 } = options
  const [server] = servers as [ServerProcess]
  const load = new Load({ port, seed })
  await load.warm(300 + Math.floor(seeded(seed)() * 100))
  const signalledAt = performance.now()
  if (scenario === 'distant') load.keepToConnections()
  server.signal('SIGTERM')
  const early = await within(server.ended, loadMs)
  await load.stop(patienceMs)
  const ended = early ?? (await within(server.ended, patienceMs))
  const figures = count(
    load.journal,
    servers.map((each) => each.handled()),
  )
  const lameDuckMs = scenario === 'balanced' ? LAME_DUCK_MS : 0
  const lastAt = Math.max(signalledAt + lameDuckMs, ...load.journal.filter(({ by }) => by === server.pid).map(({ at }) => at))
  return {
    ...figures,
    ended,
    inTime: early !== undefined,
    exitMs: ended && ended.at - signalledAt,
    afterLastMs: ended && ended.at - lastAt,
    lateConnections: 0,
    rerouted: 0,
    transcript: server.transcript,
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([promise, over])
  } finally {
    clearTimeout(timer)
  }
}
