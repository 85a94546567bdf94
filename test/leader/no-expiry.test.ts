// Where leases end with their process only: a term that was lost is let go of, or nobody could ever lead again.
import { type Service, service, type Term } from 'quiesce'
import { expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.ts'
import type { Lease } from '../../src/protocol/lease.ts'
import { Election } from './rig.ts'

// Its holder keeps it for ever.
function withoutExpiry(): Election {
  const election = new Election()
  const { lease } = election
  const [acquire, renew] = [lease.acquire.bind(lease), lease.renew.bind(lease)]
  const eternal: Partial<Lease> = {
    guarantees: { ...lease.guarantees, expiry: 'none' },
    acquire: (claim, signal) => acquire({ ...claim, leaseMs: 1e12, notAfterMs: undefined }, signal),
    renew: (renewal, signal) => renew({ ...renewal, leaseMs: 1e12 }, signal),
  }
  Object.assign(lease, eternal)
  return election
}

test('a process that was stopped for long lets go of its term when it goes on', async () => {
  const election = withoutExpiry()
  const one = await election.join('one', { coolDown: '10s' })
  const other = await election.join('other')
  await election.time.advance(1_000)
  election.time.block(60_000)
  await election.time.advance(5_000)
  expect(one.told.slice(2)).toEqual(['lease-lost 1'])
  expect(other.told).toEqual(['promoting 2', 'promoted 2'])
})

test('also when it ends with the loss: it is the whole leader that goes', async () => {
  const election = withoutExpiry()
  const one = await election.join('one')
  const other = await election.join('other')
  await election.time.advance(1_000)
  election.time.block(60_000)
  await election.settled(one.system.stop())
  await election.time.advance(5_000)
  expect(other.told).toEqual(['promoting 2', 'promoted 2'])
})

test('also when its leader is given up, as soon as nothing of the term runs', async () => {
  const election = withoutExpiry()
  const done = deferred<void>()
  let term: Term | undefined
  const one = await election.join('one', {
    onFenceFailure: () => {},
    child: (own): Service<{ term: Term }> => {
      term = own
      return service('work', { start: () => ({ term: own }) })
    },
  })
  const other = await election.join('other')
  await election.time.advance(1_000)
  const work = term?.run('stubborn', () => done.promise)
  one.system.ref('one/jobs/campaign').kill()
  await election.time.advance(20_000)
  expect(other.told).toEqual([])
  done.resolve()
  await work
  await election.time.advance(5_000)
  expect(other.told).toEqual(['promoting 2', 'promoted 2'])
})

test('a standby that is given up has lost nothing', async () => {
  const election = new Election()
  await election.join('one')
  const other = await election.join('other')
  other.system.ref('other/jobs/campaign').kill()
  await election.time.advance(1_000)
  expect(other.told).toEqual([])
})

test('whoever asks first after a stop finds the term over, and the loss is told before what leads can crash of it', async () => {
  const election = new Election()
  const crashes: unknown[] = []
  const { facts, told, handle } = await election.join('one', {
    child: (term) =>
      service('work', {
        start: (ctx) => {
          const tick = (): void => {
            try {
              term.assert()
            } catch (error) {
              crashes.push(error)
              ctx.fail(error)
              return
            }
            timer = election.time.outside.after(10, tick)
          }
          let timer = election.time.outside.after(10, tick)
          ctx.defer(() => timer.cancel())
          return { term }
        },
      }),
  })
  await election.time.advance(1_000)
  election.time.block(60_000)
  await election.time.advance(5_000)
  expect(crashes).toHaveLength(1)
  expect(facts.filter(({ type }) => type === 'restarting' || type === 'gave-up')).toEqual([])
  expect(told).toEqual(['promoting 1', 'promoted 1', 'lease-lost 1', 'promoting 2', 'promoted 2'])
  expect(handle.leading).toBe(true)
})

test('also when it is granted to one that had no time left to wait for the answer', async () => {
  const election = withoutExpiry()
  const { lease } = election
  const [acquire, answered] = [lease.acquire.bind(lease), deferred<void>()]
  lease.acquire = async (claim, signal) => {
    const answer = await acquire(claim, signal)
    await answered.promise
    return answer
  }
  const one = await election.join('one', { shutdown: '1s' })
  const other = await election.join('other')
  const stopped = one.system.stop()
  await election.time.advance(600)
  await stopped
  expect(other.told).toEqual([])
  answered.resolve()
  await election.time.advance(5_000)
  expect([...one.told, ...other.told]).toEqual(['promoting 2', 'promoted 2'])
})
