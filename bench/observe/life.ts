// One life of a tree: all start, some crash and are started again, all stop. Every listener meets the same.
import { createSystem, type Fact, type FactType, type System, service, supervisor } from 'quiesce'
import type { Attachment, Observed } from '../../src/observe/observer.ts'
import { Watch } from '../../src/observe/watch/watch.ts'

/** How many services there are, and how many of them crash once. */
export const SERVICES = 1_000
export const CRASHES = 500

/** What happened in a life, by kind of fact. */
export type Counts = Readonly<Partial<Record<FactType, number>>>

/** What listens while it goes on. */
export interface Listening {
  /** @throws Error when it has not done its work over a life of these facts. */
  check(counts: Counts): void | Promise<void>
  close(): void
}

/** How one listens; undefined when nobody does. */
export type Listen = (observed: Observed) => Listening

const ROOT = 'bench'
// A restart takes a few turns of the loop; so many mean that it will never come.
const TURNS_AT_MOST = 100_000

/** A system as its observers see it. */
export function observedOf(system: System): Observed {
  const log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} }
  const daemon = {
    run: 'bench',
    id: ROOT,
    pid: process.pid,
    host: 'localhost',
    node: process.version,
    version: undefined,
    quiesce: undefined,
    graceMs: 25_000,
    lameDuckMs: 0,
  }
  const now = (): number => performance.now()
  return { system, daemon, log, now, watch: new Watch({ system, daemon, now }), isReady: () => true }
}

/** What a life took, in milliseconds. */
export async function live(listen: Listen | undefined, counts: Counts): Promise<number> {
  let started = 0
  const fails: ((error: unknown) => void)[] = []
  const children = Array.from({ length: SERVICES }, (_, index) =>
    service(`service-${index}`, {
      start: (ctx) => {
        started += 1
        if (ctx.incarnation === 1) fails[index] = ctx.fail
      },
      stop: () => {},
    }),
  )
  const tree = supervisor(ROOT, { children, strategy: 'one-for-one', intensity: { max: CRASHES, within: '1h' } })
  const system = createSystem(tree) as unknown as System
  const listening = listen?.(observedOf(system))
  const error = new Error('told to')
  const sinceAt = performance.now()
  await system.start()
  for (let index = 0; index < CRASHES; index += 1) fails[index]?.(error)
  for (let turns = 0; started < SERVICES + CRASHES; turns += 1) {
    if (turns > TURNS_AT_MOST) throw new Error(`the work was not done: ${started} starts, not ${SERVICES + CRASHES}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const report = await system.stop()
  const tookMs = performance.now() - sinceAt
  if (report.totals.acked !== SERVICES) throw new Error(`the work was not done: ${report.totals.acked} acks, not ${SERVICES}`)
  await listening?.check(counts)
  listening?.close()
  return tookMs
}

/** The facts of one life, and the tree that they are about. */
export async function record(): Promise<{
  readonly facts: readonly Fact[]
  readonly counts: Counts
  readonly tree: ReturnType<System['tree']>
}> {
  const facts: Fact[] = []
  let tree: ReturnType<System['tree']> | undefined
  await live((observed) => {
    tree = observed.system.tree()
    return { check: () => {}, close: observed.system.on((fact) => facts.push(fact)) }
  }, {})
  if (tree === undefined) throw new Error('nobody listened')
  const counts: Partial<Record<FactType, number>> = {}
  for (const { type } of facts) counts[type] = (counts[type] ?? 0) + 1
  return { facts, counts, tree }
}

/** An observer's attachment as a listener. */
export function attached(attachment: Attachment, check: Listening['check']): Listening {
  return { check, close: () => attachment.close?.() }
}
