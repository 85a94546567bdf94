// What settles or arrives late: a step of a term that is over, one of several seals, a hook that was given up, a wish. What the simulator
// of elections has found in leaders, one by one.
import { PromotionError, service } from 'quiesce'
import { expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.ts'
import { Election } from './rig.ts'

test('a recovery that settles when its term is over does not count for the next one', async () => {
  const election = new Election()
  const recoveries = [deferred<void>(), deferred<void>()]
  const { told } = await election.join('one', {
    recover: ({ term }) => recoveries[Number(term.value) - 1]?.promise,
    onFenceFailure: () => {},
  })
  election.time.ahead = 1_000
  await election.time.advance(40_000)
  expect(told).toEqual(['promoting 1', 'fence-failed 1', 'lease-lost 1', 'promoting 2'])
  recoveries[0]?.resolve()
  await election.time.advance(1_000)
  expect(told.at(-1)).toBe('promoting 2')
  recoveries[1]?.resolve()
  await election.time.advance(1_000)
  expect(told.at(-1)).toBe('promoted 2')
})

test('a promotion that fails at one seal keeps the lease until the others have settled', async () => {
  const election = new Election()
  const sealed = deferred<void>()
  const { told } = await election.join('one', {
    child: (term) => {
      term.registerFence({
        name: 'ledger',
        seal: () => {
          throw new Error('no')
        },
      })
      term.registerFence({ name: 'archive', seal: () => sealed.promise })
      return service('work', { start: () => ({ term }) })
    },
  })
  await election.time.advance(2_000)
  expect(told).toEqual(['promoting 1'])
  sealed.resolve()
  await election.time.advance(100)
  expect(told.slice(0, 3)).toEqual(['promoting 1', 'promotion-failed 1', 'stepped-down 1'])
})

test('a hook that its supervisor has given up still runs: that is told when the lease runs out', async () => {
  const election = new Election()
  const running: (readonly string[])[] = []
  const stopped = deferred<void>()
  const { handle, told, facts } = await election.join('one', {
    child: (term) => service('work', { shutdown: 100, start: () => ({ term }), stop: () => stopped.promise }),
    onFenceFailure: (names) => {
      running.push(names)
      throw new Error('no way to end it')
    },
  })
  const over = handle.stepDown({ deadline: 50 })
  await election.settled(over)
  expect(running).toEqual([['its scope']])
  expect(told.slice(2)).toEqual(['stepping-down 1', 'fence-failed 1', 'lease-lost 1'])
  expect(facts.at(-1)).toMatchObject({ running: ['its scope'] })
  stopped.resolve()
})

test('when it ends in time after all, nothing is wrong', async () => {
  const election = new Election()
  const stopped = deferred<void>()
  const { handle, told } = await election.join('one', {
    child: (term) => service('work', { shutdown: 100, start: () => ({ term }), stop: () => stopped.promise }),
    onFenceFailure: () => {},
  })
  const over = handle.stepDown({ deadline: 50 })
  await election.time.advance(2_000)
  stopped.resolve()
  await election.settled(over)
  expect(told.slice(2)).toEqual(['stepping-down 1', 'stepped-down 1'])
})

test('a lease that is granted to a leader that is stopping is given back, and nobody hears of a term', async () => {
  const election = new Election()
  const answered = deferred<void>()
  const { lease } = election
  const slow = Object.create(lease, {
    acquire: { value: async (...all: Parameters<typeof lease.acquire>) => lease.acquire(...all).finally(() => answered.promise) },
    guarantees: { value: lease.guarantees },
    election: { value: 'jobs' },
  }) as typeof lease
  for (const name of ['read', 'renew', 'release', 'observe', 'useClock'] as const)
    Object.defineProperty(slow, name, { value: (lease[name] as (...all: never[]) => unknown).bind(lease) })
  const { system, told } = await election.join('one', { lease: slow })
  const stopped = system.stop()
  await election.time.settle()
  answered.resolve()
  await election.settled(stopped)
  const record = await lease.read(new AbortController().signal)
  expect([told, record.phase, record.lastExit?.reason]).toEqual([[], 'vacant', 'never-led'])
})

test('a wish that arrives when another leads than was asked makes nobody step down', async () => {
  const election = new Election()
  const { lease } = election
  const request = lease.requestHandover?.bind(lease)
  const arrival = deferred<void>()
  // Given up by who sent it; on its way all the same.
  lease.requestHandover = async (wish) => {
    await arrival.promise
    return request?.(wish, new AbortController().signal) as never
  }
  const [one, two, three] = [await election.join('one'), await election.join('two'), await election.join('three')]
  const given = two.handle.promote({ deadline: '1s' })
  await expect(election.settled(given)).rejects.toThrow(PromotionError)
  await election.settled(one.handle.stepDown({ to: 'three' }))
  await election.time.advance(1_000)
  arrival.resolve()
  await election.time.advance(20_000)
  expect(three.told).toEqual(['promoting 2', 'promoted 2'])
  expect(three.handle.leading).toBe(true)
})

test('whoever waits for its step-down is told when its leader was given up', async () => {
  const election = new Election()
  const { system, handle, told } = await election.join('one', { onFenceFailure: () => {} })
  void handle.get().term.run('stubborn', () => new Promise(() => {}))
  let isOver = false
  void handle.stepDown().then(() => {
    isOver = true
  })
  system.ref('one/jobs/campaign').kill()
  await election.time.advance(4_000)
  expect(told.slice(2)).toEqual(['stepping-down 1', 'fence-failed 1', 'lease-lost 1'])
  expect(isOver).toBe(true)
})
