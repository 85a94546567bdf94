// nact: an actor for each child under one parent. A child is there as soon as it is spawned; a stop has no ack that anybody waits
// for, so its `afterStop` is counted instead; a crashed child is reset in place, never replaced, so restarts are not measured.
import nact from 'nact'
import { check, effortFor, microsEach, type Samples, sample, settledHeap } from '../sampling.ts'

interface Tally {
  started: number
  stopped: number
}

type Child = ReturnType<typeof nact.spawn>

function startAll(count: number, tally: Tally, parent: ReturnType<typeof nact.start>): Child[] {
  const initialStateFunc = (): number => {
    tally.started += 1
    return tally.started
  }
  const afterStop = (): void => {
    tally.stopped += 1
  }
  const properties = { initialStateFunc, afterStop }
  return Array.from({ length: count }, (_, index) => nact.spawn(parent, (state: number) => state, `c${index}`, properties) as Child)
}

async function stopAll(children: readonly Child[], tally: Tally): Promise<void> {
  for (let index = children.length - 1; index >= 0; index -= 1) nact.stop(children[index] as Child)
  while (tally.stopped < children.length) await new Promise((resolve) => setImmediate(resolve))
}

export async function startStop(count: number): Promise<Samples> {
  const kept = nact.start()
  startAll(10, { started: 0, stopped: 0 }, kept)
  const samples = await sample(effortFor(count), async () => {
    const tally = { started: 0, stopped: 0 }
    const system = nact.start()
    const begun = performance.now()
    const children = startAll(count, tally, system)
    const started = performance.now()
    check('children started', tally.started, count)
    await stopAll(children, tally)
    const stopped = performance.now()
    check('children stopped', tally.stopped, count)
    nact.stop(system)
    const start = microsEach(begun, started, count)
    const stop = microsEach(started, stopped, count)
    return { start, stop, both: start + stop }
  })
  nact.stop(kept)
  return samples
}

export async function heap(count: number): Promise<Samples> {
  const tally = { started: 0, stopped: 0 }
  const system = nact.start()
  const warm = { started: 0, stopped: 0 }
  await stopAll(startAll(1_000, warm, system), warm)
  const empty = await settledHeap()
  const children = startAll(count, tally, system)
  const running = await settledHeap()
  await stopAll(children, tally)
  check('children stopped', tally.stopped, count)
  nact.stop(system)
  return { bytes: [(running - empty) / count] }
}
