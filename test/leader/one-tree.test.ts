// An active and a standby in one tree, over one lease in memory: the standby is promoted when the active one steps down, crashes or is
// stopped, and never before its `stepped-down`.
import { expect, onTestFinished, test } from 'vitest'
import { createSystem, explainStop, type Fact, leader, NotLeaderError, PromotionError, service, supervisor } from '../../src/index.js'
import { memoryLease } from '../../src/leases/memory.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

function pair() {
  const env = new VirtualEnv()
  const lease = memoryLease('jobs')
  const candidate = (id: string) =>
    leader(id, {
      lease,
      candidate: id,
      child: (term) =>
        service('ticker', {
          start: () => ({
            tick: () => term.run('tick', () => `${id} in term ${term.value}`),
            hang: () => term.run('hang', () => new Promise<void>(() => {})),
          }),
          stop: () => {},
        }),
    })
  const [active, standby] = [candidate('active'), candidate('standby')]
  const system = createSystem(supervisor('app', { children: [active, standby], strategy: 'one-for-one' }), { env })
  const told: string[] = []
  system.on((fact) => {
    if ('term' in fact) told.push(`${fact.address} ${fact.type} ${fact.term}`)
  })
  onTestFinished(async () => void (await settled(env, system.stop())))
  return { env, lease, system, active, standby, told }
}

// Virtual time goes on until the promise has settled.
async function settled<T>(env: VirtualEnv, promise: Promise<T>): Promise<T> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  promise.then(over, over)
  while (!isOver) await env.advance(100)
  return promise
}

test('the first candidate leads, the standby is ready and says who leads', async () => {
  const { env, system, active, standby } = pair()
  await system.start()
  expect(system.ref(standby).status).toBe('ready')
  await env.advance(100)
  expect(await system.ref(active).handle.get().tick()).toBe('active in term 1')
  await env.advance(10_000)
  const { handle } = system.ref(standby)
  expect([handle.leading, handle.leader, handle.handle, handle.term]).toEqual([false, 'active', undefined, undefined])
  expect(() => handle.get()).toThrow(NotLeaderError)
  expect(() => handle.get()).toThrow(
    'app/standby does not lead: active does, in term 1. Ask there, or try again when it has been promoted.',
  )
})

test('who leads is known again right after a step-down, and nobody is said to lead who steps down', async () => {
  const { env, system, active, standby } = pair()
  await system.start()
  await env.advance(100)
  const { handle } = system.ref(active)
  const left = system.ref(active).stepDown()
  expect([handle.leading, handle.leader]).toEqual([false, undefined])
  await settled(env, left)
  await env.advance(100)
  expect(system.ref(standby).handle.leading).toBe(true)
  expect(handle.leader).toBe('standby')
})

test('a step-down hands over, and asking again is answered at once', async () => {
  const { env, system, active, standby, told } = pair()
  await system.start()
  await env.advance(100)
  await settled(env, system.ref(active).stepDown())
  await system.ref(active).stepDown()
  await env.advance(100)
  expect(system.ref(standby).handle.term).toBe(2n)
  expect(told).toEqual([
    'app/active promoting 1',
    'app/active promoted 1',
    'app/active stepping-down 1',
    'app/active stepped-down 1',
    'app/standby promoting 2',
    'app/standby promoted 2',
  ])
})

test('a promotion makes the leader step down first', async () => {
  const { env, system, standby, told } = pair()
  await system.start()
  await env.advance(100)
  expect(await settled(env, system.ref(standby).promote())).toBe(2n)
  expect(await system.ref(standby).promote()).toBe(2n)
  expect(told.indexOf('app/active stepped-down 1')).toBeLessThan(told.indexOf('app/standby promoting 2'))
})

test('a promotion comes about though the store loses what it is asked, and one that was given up is not asked for any more', async () => {
  const { env, system, lease, active, standby } = pair()
  await system.start()
  await env.advance(100)
  const request = lease.requestHandover?.bind(lease)
  let asked = 0
  lease.requestHandover = (handover, signal) => {
    asked += 1
    return asked < 4 ? new Promise(() => {}) : (request?.(handover, signal) as never)
  }
  await expect(settled(env, system.ref(standby).promote({ deadline: '1s' }))).rejects.toThrow(PromotionError)
  const before = asked
  await env.advance(30_000)
  expect([asked, system.ref(active).handle.leading]).toEqual([before, true])
  expect(await settled(env, system.ref(standby).promote())).toBe(2n)
  expect(asked).toBe(4)
})

test('a promotion that does not come about names the phase', async () => {
  const { env, system, lease, standby } = pair()
  await system.start()
  await env.advance(100)
  const refusing = Object.assign(lease, { requestHandover: undefined })
  expect(refusing.requestHandover).toBeUndefined()
  const failed = system.ref(standby).promote({ deadline: '5s' })
  await expect(settled(env, failed)).rejects.toThrow(PromotionError)
  await expect(failed).rejects.toThrow('app/standby was not promoted, while observing: 5000 ms are over')
})

test('what is asked of one that has not started is rejected, not thrown', async () => {
  const { system, standby } = pair()
  const [promoted, left] = [system.ref(standby).promote(), system.ref(standby).stepDown()]
  const refused = 'app/standby is not ready (not started)'
  await Promise.all([expect(promoted).rejects.toThrow(refused), expect(left).rejects.toThrow(refused)])
})

test('a promotion that is waited for keeps its process alive until its deadline', async () => {
  const { env, system, lease, standby } = pair()
  await system.start()
  await env.advance(100)
  Object.assign(lease, { requestHandover: undefined })
  const failed = expect(system.ref(standby).promote({ deadline: '5s' })).rejects.toThrow(PromotionError)
  await env.run()
  await failed
})

test('when the active one crashes, its term is given back first', async () => {
  const { env, system, active, standby, told } = pair()
  const facts: Fact[] = []
  system.on((fact) => facts.push(fact))
  await system.start()
  await env.advance(100)
  system.ref('app/active').kill()
  await env.advance(100)
  expect(system.ref(standby).handle.term).toBe(2n)
  expect(told.slice(2)).toEqual([
    'app/active stepping-down 1',
    'app/active stepped-down 1',
    'app/standby promoting 2',
    'app/standby promoted 2',
  ])
  await env.advance(5_000)
  expect(system.ref(active).status).toBe('ready')
})

test('nobody is promoted while the whole tree stops', async () => {
  const { env, system, told } = pair()
  await system.start()
  await env.advance(100)
  const report = await settled(env, system.stop())
  expect(report.clean).toBe(true)
  expect(told.at(-1)).toBe('app/active stepped-down 1')
})

test('the report of the stop tells of the term, in data and in words', async () => {
  const { env, system } = pair()
  await system.start()
  await env.advance(100)
  const report = await settled(env, system.stop())
  const about = { address: 'app/active', election: 'jobs', term: '1' }
  expect(report.terms).toEqual([{ ...about, ended: 'stepped-down', why: 'stop', running: [], atMs: 0 }])
  expect(explainStop(report)).toContain('`app/active` stepped down from term 1 at 0 ms')
})

test('of a term that was lost it names what still ran', async () => {
  const { env, system, active } = pair()
  await system.start()
  await env.advance(100)
  void system.ref(active).handle.get().hang()
  const report = await settled(env, system.stop())
  const [term] = report.terms
  expect(term).toMatchObject({ ended: 'lost', why: 'its leader was given up', running: ['hang'] })
  expect(explainStop(report)).toContain('`app/active` lost term 1 (its leader was given up; hang still ran) at')
})
