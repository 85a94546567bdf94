// What is measured of quiesce: trees from `createSystem`, synchronous hooks, every start and stop counted and its order checked.
import { type Context, createSystem, type Service, type StrategyName, type System, service, supervisor } from 'quiesce'
import { check, effortFor, median, microsEach, type Samples, sample, settledHeap } from '../sampling.ts'

/** Starts and stops, counted by the hooks. */
class Tally {
  started = 0
  stopped = 0
  disordered = 0
  readonly #count: number

  constructor(count: number) {
    this.#count = count
  }

  start(index: number): number {
    if (index !== this.started) this.disordered += 1
    this.started += 1
    return index
  }

  stop(index: number): void {
    this.stopped += 1
    if (index !== this.#count - this.stopped) this.disordered += 1
  }

  reset(): void {
    this.started = 0
    this.stopped = 0
    this.disordered = 0
  }
}

const RESTARTS = { intensity: { max: 1_000_000, within: 1 } } as const

/** Start with ack and ordered stop with ack: the time for each child, checks and layout of the tree included. */
export async function startStop(count: number): Promise<Samples> {
  const tally = new Tally(count)
  const stop = (index: number): void => tally.stop(index)
  const children = Array.from({ length: count }, (_, index) => service(`c${index}`, { start: () => tally.start(index), stop }))
  const tree = supervisor('bench', { children })
  const kept = await startedSmall(10)
  const samples = await sample(effortFor(count), async () => {
    tally.reset()
    const begun = performance.now()
    const system = createSystem(tree)
    const laidOut = performance.now()
    await system.start()
    const started = performance.now()
    check('children started', tally.started, count)
    const stopping = performance.now()
    const report = await system.stop()
    const stopped = performance.now()
    check('children stopped', tally.stopped, count)
    check('children out of order', tally.disordered, 0)
    check('acknowledged stops', report.totals.acked, count)
    const start = microsEach(begun, started, count)
    const stopEach = microsEach(stopping, stopped, count)
    return { layout: microsEach(begun, laidOut, count), start, stop: stopEach, both: start + stopEach }
  })
  await kept.stop()
  return samples
}

interface Crashing {
  readonly tree: Service
  /** The contexts of the children, by index: that of the latest life. */
  readonly contexts: Context<unknown>[]
  starts(): number
}

function crashing(count: number, strategy: StrategyName): Crashing {
  const contexts: Context<unknown>[] = []
  let starts = 0
  const children = Array.from({ length: count }, (_, index) =>
    service(`c${index}`, {
      start: (ctx) => {
        starts += 1
        contexts[index] = ctx
      },
    }),
  )
  return { tree: supervisor('bench', { children, strategy, ...RESTARTS }), contexts, starts: () => starts }
}

/** From the crash of one child until all that it takes down are ready again: the median. */
async function crashToReady(count: number, strategy: StrategyName, restarted: number): Promise<Samples> {
  const { tree, contexts, starts } = crashing(count, strategy)
  const system = createSystem(tree)
  await system.start()
  const index = count >> 1
  const last = system.ref(`bench/c${strategy === 'one-for-all' ? count - 1 : index}` as 'bench')
  const error = new Error('crash')
  const times: number[] = []
  for (let turn = 0; turn < 4_000; turn += 1) {
    const before = starts()
    const begun = performance.now()
    contexts[index]?.fail(error)
    while (starts() < before + restarted || last.status !== 'ready') await new Promise((resolve) => setImmediate(resolve))
    times.push(performance.now() - begun)
    check('restarts', starts() - before, restarted)
    if (turn % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
  }
  const { totals } = await system.stop()
  check('acknowledged stops', totals.acked, count)
  return { p50: [median(times.slice(2_000)) * 1_000] }
}

export function restart(count: number): Promise<Samples> {
  return crashToReady(count, 'dependents', 1)
}

/** One crash, the whole group stopped and started again. */
export function group(count: number): Promise<Samples> {
  return crashToReady(count, 'one-for-all', count)
}

/** Bytes for each idle child, all that is kept for it: definition, place, slot, incarnation, actor. */
export async function heap(count: number): Promise<Samples> {
  await (await startedSmall(1_000)).stop()
  let started = 0
  const start = (): void => {
    started += 1
  }
  const stop = (): void => {}
  const empty = await settledHeap()
  const tree = supervisor('bench', { children: Array.from({ length: count }, (_, index) => service(`c${index}`, { start, stop })) })
  const defined = await settledHeap()
  const system = createSystem(tree)
  const laidOut = await settledHeap()
  await system.start()
  const running = await settledHeap()
  check('children started', started, count)
  check('status', system.ref(`bench/c${count - 1}` as 'bench').status, 'ready')
  check('acknowledged stops', (await system.stop()).totals.acked, count)
  const each = (from: number, to: number): number[] => [(to - from) / count]
  return { bytes: each(empty, running), definition: each(empty, defined), layout: each(defined, laidOut), running: each(laidOut, running) }
}

async function startedSmall(count: number): Promise<System> {
  const children = Array.from({ length: count }, (_, index) => service(`c${index}`, { start: () => index, stop: () => {} }))
  const system = createSystem(supervisor('small', { children }))
  await system.start()
  return system as System
}

const ASKS = 50_000
const IN_FLIGHT = 1_000

/** A request with a timeout to a synchronous answer: one after another, and a thousand in flight. */
export async function ask(): Promise<Samples> {
  const echo = service('echo', { start: () => 1, requests: { add: (handle: number, argument: number) => handle + argument } })
  const system = createSystem(supervisor('bench', { children: [echo] }))
  await system.start()
  const ref = system.ref(echo)
  const samples = await sample({ warmups: 3, repeats: 5 }, async () => {
    let sum = 0
    const begun = performance.now()
    for (let index = 0; index < ASKS; index += 1) sum += await ref.ask('add', index, { timeout: 1_000 })
    const answered = performance.now()
    for (let batch = 0; batch < ASKS / IN_FLIGHT; batch += 1) {
      const asks: Promise<number>[] = []
      for (let index = 0; index < IN_FLIGHT; index += 1) asks.push(ref.ask('add', batch * IN_FLIGHT + index, { timeout: 1_000 }))
      for (const answer of asks) sum += await answer
    }
    const done = performance.now()
    check('the sum of the answers', sum, ASKS * (ASKS + 1))
    return { ask: microsEach(begun, answered, ASKS), asks: microsEach(answered, done, ASKS) }
  })
  await system.stop()
  return samples
}
