// What a term costs the work that is guarded by it: `assert`, in nanoseconds, and `run`, in microseconds, of a leader that leads.
import { createSystem, leader, service, supervisor, type Term } from 'quiesce'
import { memoryLease } from 'quiesce/lease/memory'

/** What one call costs. */
export interface Costs {
  readonly assertNs: number
  readonly runMicros: number
  /** The same promise without a term around it. */
  readonly bareMicros: number
}

const ASSERTS = 1_000_000
const RUNS = 100_000
const SAMPLES = 9

/** Measures both: the least disturbed of nine samples, the first of each not counted. */
export async function costs(): Promise<Costs> {
  const jobs = leader('jobs', { lease: memoryLease('bench'), child: (term) => service('work', { start: () => ({ term }) }) })
  const system = createSystem(supervisor('bench', { children: [jobs] }))
  await system.start()
  await system.ref(jobs).promote()
  const { term } = system.ref(jobs).handle.get()
  const assertNs = await least(async () => (await timed(() => asserts(term))) / ASSERTS)
  const runMicros = await least(async () => (await timed(() => runs(term))) / RUNS / 1_000)
  const bareMicros = await least(async () => (await timed(bare)) / RUNS / 1_000)
  await system.stop()
  return { assertNs, runMicros, bareMicros }
}

function asserts(term: Term): void {
  for (let left = ASSERTS; left > 0; left -= 1) term.assert()
}

let done = 0
const work = async (): Promise<void> => {
  done += 1
}

async function runs(term: Term): Promise<void> {
  const before = done
  for (let left = RUNS; left > 0; left -= 1) await term.run('work', work)
  if (done - before !== RUNS) throw new Error(`the work was not done: ${done - before} of ${RUNS}`)
}

async function bare(): Promise<void> {
  for (let left = RUNS; left > 0; left -= 1) await work()
}

// In nanoseconds.
async function timed(fn: () => unknown): Promise<number> {
  const from = process.hrtime.bigint()
  await fn()
  return Number(process.hrtime.bigint() - from)
}

async function least(sample: () => Promise<number>): Promise<number> {
  await sample()
  const samples: number[] = []
  while (samples.length < SAMPLES) {
    // The lease has to be renewed meanwhile.
    await new Promise((resolve) => setImmediate(resolve))
    samples.push(await sample())
  }
  return Math.min(...samples)
}
