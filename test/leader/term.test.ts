// A term as the code sees that works in it: what was run through it is in flight until it has settled, and is told when the term is over.
import { expect, test } from 'vitest'
import { StaleTermError } from '../../src/index.js'
import { HeldTerm } from '../../src/leader/term.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { Election } from './rig.js'

function held() {
  const env = new VirtualEnv()
  let settled = 0
  const term = new HeldTerm({ address: 'app/jobs', value: 7n, clock: env.clock, checkClock: () => {}, settled: () => (settled += 1) })
  term.extend(1_000)
  return { env, term, settled: () => settled }
}

const ended = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve((signal.reason as Error).message), { once: true }))

test('hundreds may run at once: none of them listens to the signal of the term, which would be a leak to Node', async () => {
  const { term } = held()
  const listeners = new Set<unknown>()
  const { signal } = term
  signal.addEventListener = (...[, listener]: unknown[]) => void listeners.add(listener)
  const work = Array.from({ length: 300 }, (_, at) => term.run(`job ${at}`, ended))
  expect([term.inFlight, term.running.at(-1), listeners.size]).toEqual([300, 'job 299', 0])
  term.abort(new Error('over'))
  expect(new Set(await Promise.all(work))).toEqual(new Set(['over']))
  expect(term.inFlight).toBe(0)
})

test('what is begun after it was aborted is told at once; after it is over nothing begins', async () => {
  const { term, settled } = held()
  term.abort(new Error('over'))
  expect(await term.run('late', (signal) => signal.aborted)).toBe(true)
  expect(settled()).toBe(1)
  term.invalidate()
  await expect(term.run('later', () => expect.unreachable())).rejects.toThrow(StaleTermError)
})

test('what is no number of milliseconds, or no work, is told at once: it would look like the end of the term', async () => {
  const { term } = held()
  expect(() => term.assert('2s' as never)).toThrow(new TypeError("app/jobs: term.assert('2s'): not a number of milliseconds"))
  expect(() => term.assert(Number.NaN)).toThrow(TypeError)
  await expect(term.run((async () => {}) as never, undefined as never)).rejects.toThrow(
    'term.run(a function, …): the second argument is not a function',
  )
})

test('what takes too long is told so, and stays in flight until it has settled', async () => {
  const { env, term } = held()
  const work = term.run('slow', ended, { timeout: 200 })
  await env.advance(199)
  expect(term.inFlight).toBe(1)
  await env.advance(1)
  expect(await work).toBe('slow took longer than 200 ms')
  expect(term.inFlight).toBe(0)
})

test('what waits for the end of a term is told of an orderly one too, before the lease is given back', async () => {
  const election = new Election()
  const { handle } = await election.join('one')
  const { term } = handle.get()
  const seen: unknown[] = []
  const release = election.lease.release.bind(election.lease)
  election.lease.release = (...all) => {
    seen.push(term.signal.aborted)
    return release(...all)
  }
  await election.settled(handle.stepDown())
  expect(seen).toEqual([true])
  expect(term.signal.reason).toBeInstanceOf(StaleTermError)
})
