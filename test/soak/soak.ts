// Days of a daemon's life in virtual time: what it holds is counted at the end of each stretch of hours, after the garbage has been
// collected, and compared at the beginning and at the end.
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Report } from '../../src/index.js'
import type { Fact } from '../../src/protocol/fact.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import type { TreeNode } from '../../src/tree/tree-node.js'
import { SoakedDaemon } from './daemon.js'

const MINUTES_A_DAY = 24 * 60
const SAMPLES = 40

/** What the process and the daemon hold at one moment. */
export interface Sample {
  readonly heapBytes: number
  /** What keeps the event loop alive. */
  readonly handles: number
  /** On the process, and on signals that live as long as the daemon. */
  readonly listeners: number
  /** Timers of virtual time that have not fired. */
  readonly timers: number
  /** Places in the tree, those of the sessions included. */
  readonly places: number
}

/** What a soak came to. */
export interface Soaked {
  readonly minutes: number
  readonly samples: readonly Sample[]
  readonly facts: ReadonlyMap<Fact['type'], number>
  readonly sessions: number
  readonly work: number
  readonly asks: { readonly answered: number; readonly late: number }
  /** Of the daemon's last stop. */
  readonly report: Report
  /** How many small daemons were started and stopped beside it, one a day. */
  readonly others: number
  readonly tookMs: number
}

/** Lives so many days, after a first one that does not count: what is needed once is there by then. `leaks` shows that a leak is found: somebody keeps what was told of every crash. */
export async function soak(days: number, { leaks = false }: { readonly leaks?: boolean } = {}): Promise<Soaked> {
  const sinceAt = performance.now()
  const env = new VirtualEnv()
  const daemon = new SoakedDaemon(env)
  const facts = new Map<Fact['type'], number>()
  const kept: Fact[] = []
  daemon.system.on((fact) => {
    facts.set(fact.type, (facts.get(fact.type) ?? 0) + 1)
    if (leaks && fact.type === 'crashed') kept.push(fact)
  })
  await daemon.start()
  const minutes = days * MINUTES_A_DAY
  // A multiple of the pattern's length.
  const stretch = Math.max(60, Math.floor(minutes / SAMPLES / 60) * 60)
  const samples: Sample[] = []
  let others = 0
  for (let minute = 1 - MINUTES_A_DAY; minute <= minutes; minute += 1) {
    await daemon.minute(minute)
    if (minute % MINUTES_A_DAY === 0) others += await another(env)
    if (minute > 0 && minute % stretch === 0) samples.push(take(env, daemon))
  }
  const stopped = daemon.system.stop({ deadline: '25s' })
  await env.run()
  const { sessionCount: sessions, workCount: work, asks } = daemon
  return {
    minutes: minutes + MINUTES_A_DAY,
    samples,
    facts,
    sessions,
    work,
    asks,
    report: await stopped,
    others,
    tookMs: performance.now() - sinceAt,
  }
}

/** A whole daemon's life, from start to stop. */
async function another(env: VirtualEnv): Promise<number> {
  const daemon = new SoakedDaemon(env)
  await daemon.start()
  const stopped = daemon.system.stop({ deadline: '25s' })
  await env.settle()
  return (await stopped).clean ? 1 : 0
}

function take(env: VirtualEnv, daemon: SoakedDaemon): Sample {
  collectGarbage()
  const onProcess = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return {
    heapBytes: process.memoryUsage().heapUsed,
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length,
    listeners: onProcess + daemon.signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0),
    timers: env.pending(),
    places: countOf(daemon.system.tree()),
  }
}

function countOf(node: TreeNode): number {
  return node.children.reduce((sum, child) => sum + countOf(child), 1)
}

// With the flag or without it.
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

function collectGarbage(): void {
  // What is finalized in the first round is gone after the second.
  for (let round = 0; round < 3; round += 1) gc()
}

/** What was held in the first quarter, in the last one, and how much more that may be. */
export interface Comparison {
  readonly name: keyof Sample
  readonly first: number
  readonly last: number
  readonly mayGrow: number
}

/** So much is noise where nothing is compiled: bytecode is dropped when it gets old, and made again. */
const HEAP_NOISE_BYTES = 128 * 1_024

/** Compares the medians of the first and the last quarter. */
export function compare(samples: readonly Sample[]): Comparison[] {
  const quarter = Math.floor(samples.length / 4)
  const median = (some: readonly Sample[], name: keyof Sample): number => {
    const sorted = some.map((sample) => sample[name]).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  }
  const names: readonly (keyof Sample)[] = ['heapBytes', 'handles', 'listeners', 'timers', 'places']
  return names.map((name) => ({
    name,
    first: median(samples.slice(0, quarter), name),
    last: median(samples.slice(-quarter), name),
    mayGrow: name === 'heapBytes' ? HEAP_NOISE_BYTES : 0,
  }))
}
