// Effect: one fiber for each child, started with an ack and interrupted by its scope, last first, each awaited. It has no supervisor:
// a retry is a loop inside one fiber that knows no siblings, so restarts among siblings are not measured.
import { Deferred, Effect, Exit, Scope } from 'effect'
import { check, effortFor, microsEach, type Samples, sample, settledHeap } from '../sampling.ts'

interface Tally {
  started: number
  stopped: number
  disordered: number
}

function child(index: number, count: number, tally: Tally): Effect.Effect<number, never, Scope.Scope> {
  return Effect.acquireRelease(
    Effect.sync(() => {
      tally.started += 1
      return index
    }),
    () =>
      Effect.sync(() => {
        tally.stopped += 1
        if (index !== count - tally.stopped) tally.disordered += 1
      }),
  )
}

/** Forks a child into the scope and waits until it runs. */
function start(index: number, count: number, tally: Tally, scope: Scope.Scope): Effect.Effect<void> {
  return Effect.flatMap(Deferred.make<void>(), (ready) => {
    const life = Effect.scoped(
      Effect.flatMap(child(index, count, tally), () => Effect.andThen(Deferred.succeed(ready, undefined), Effect.never)),
    )
    return Effect.andThen(Effect.forkIn(life, scope), Deferred.await(ready))
  })
}

async function startAll(count: number, tally: Tally): Promise<Scope.Closeable> {
  const scope = await Effect.runPromise(Scope.make('sequential'))
  const indexes = Array.from({ length: count }, (_, index) => index)
  await Effect.runPromise(Effect.forEach(indexes, (index) => start(index, count, tally, scope), { discard: true }))
  check('children started', tally.started, count)
  return scope
}

export async function startStop(count: number): Promise<Samples> {
  const kept = await startAll(10, { started: 0, stopped: 0, disordered: 0 })
  const samples = await sample(effortFor(count), async () => {
    const tally = { started: 0, stopped: 0, disordered: 0 }
    const begun = performance.now()
    const scope = await startAll(count, tally)
    const started = performance.now()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    const stopped = performance.now()
    check('children stopped', tally.stopped, count)
    check('children out of order', tally.disordered, 0)
    const startEach = microsEach(begun, started, count)
    const stopEach = microsEach(started, stopped, count)
    return { start: startEach, stop: stopEach, both: startEach + stopEach }
  })
  await Effect.runPromise(Scope.close(kept, Exit.void))
  return samples
}

export async function heap(count: number): Promise<Samples> {
  await Effect.runPromise(Scope.close(await startAll(1_000, { started: 0, stopped: 0, disordered: 0 }), Exit.void))
  const tally = { started: 0, stopped: 0, disordered: 0 }
  const empty = await settledHeap()
  const scope = await startAll(count, tally)
  const running = await settledHeap()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  check('children stopped', tally.stopped, count)
  return { bytes: [(running - empty) / count] }
}
