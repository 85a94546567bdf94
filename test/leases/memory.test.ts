// The lease store in memory against the conformance kit, in virtual time.
import { memoryLease } from 'quiesce/lease/memory'
import { VirtualEnv } from 'quiesce/testing'
import { expect, test } from 'vitest'
import type { Lease } from '../../src/protocol/lease.js'
import { NEVER, Player } from './bench.js'
import { leaseConformance } from './kit.js'

leaseConformance('memory', {
  leaseMs: 15_000,
  open: async (election, term) => {
    const env = new VirtualEnv()
    const leases = new Map<string, Lease>()
    return {
      handle: async (name = election) => {
        const lease = leases.get(name) ?? memoryLease(name, { term: name === election ? term : 0n })
        if (!leases.has(name)) lease.useClock?.(env.clock)
        leases.set(name, lease)
        return lease
      },
      pass: (ms) => env.advance(ms),
      close: async () => expect(env.pending()).toBe(0),
    }
  },
  cannot: {
    kill: 'all candidates live in one process',
    loseAnswer: 'there is no way on which an answer could be lost; the answer is thrown away instead',
    deleteRecord: 'nobody else can reach the record',
    cutConnections: 'there are no connections',
    restart: 'the store ends with its process',
    silence: 'it answers within a microtask',
    observedExpiry: 'the store keeps the time',
  },
})

test('the lease is over at its last millisecond, not before', async () => {
  const env = new VirtualEnv()
  const lease = memoryLease('billing')
  lease.useClock?.(env.clock)
  const [a, b] = ['a', 'b'].map((id) => new Player(lease, { id, incarnation: id }, 1_000)) as [Player, Player]
  await a.lead()
  await env.advance(999)
  expect((await b.acquire()).record.expiresInMs).toBe(1)
  await env.advance(1)
  expect((await b.lead()).term).toBe(2n)
})

test('a claim holds until its notAfterMs, and not longer', async () => {
  const env = new VirtualEnv({ startAt: 5_000 })
  const lease = memoryLease('billing')
  lease.useClock?.(env.clock)
  const a = new Player(lease, { id: 'a', incarnation: 'a' }, 1_000)
  const late = a.claim(await a.read(), { notAfterMs: 4_999 })
  expect((await lease.acquire(late, NEVER)).ok).toBe(false)
  expect((await lease.acquire({ ...late, notAfterMs: 5_000 }, NEVER)).ok).toBe(true)
})

test('another clock leaves what is left of a lease as it is', async () => {
  const [early, late] = [new VirtualEnv(), new VirtualEnv({ startAt: 1e9 })]
  const lease = memoryLease('billing')
  lease.useClock?.(early.clock)
  const a = new Player(lease, { id: 'a', incarnation: 'a' }, 1_000)
  await a.lead()
  await early.advance(400)
  lease.useClock?.(late.clock)
  expect(await a.read()).toMatchObject({ expiresInMs: 600, storeNowMs: 1e9 })
})

test('a call is applied when it is made, and answered in a microtask', async () => {
  const lease = memoryLease('billing')
  const a = new Player(lease, { id: 'a', incarnation: 'a' }, 1_000)
  const record = await a.read()
  const answer = lease.acquire(a.claim(record), NEVER)
  expect((await a.read()).term).toBe(1n)
  expect((await answer).ok).toBe(true)
})

test('a negative term is refused', () => {
  expect(() => memoryLease('billing', { term: -1n })).toThrow(RangeError)
})
