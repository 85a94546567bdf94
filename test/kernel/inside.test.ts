// The context that observers have for what starts and stops a service: for its hooks, and for nothing that is asked of it meanwhile.
import { expect, test } from 'vitest'
import type { Inside } from '../../src/base/env.js'
import { leader } from '../../src/leader/leader.js'
import { memoryLease } from '../../src/leases/memory.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { buildSystem } from '../../src/tree/system.js'

/** In whose context code runs. */
class Insides extends VirtualEnv {
  readonly calls: string[] = []
  #current = 'nobody'

  readonly inside = (address: string): Inside => {
    return (fn) => {
      const before = this.#current
      this.#current = address
      try {
        return fn()
      } finally {
        this.#current = before
      }
    }
  }

  note(what: string): void {
    this.calls.push(`${what} in ${this.#current}`)
  }
}

test('start, drain, stop and what was deferred run in it; requests, health checks and `run` after its beginning do not', async () => {
  const env = new Insides()
  const db = service('db', {
    start: (ctx) => {
      env.note('start')
      ctx.defer(() => env.note('deferred'))
      return 'db'
    },
    requests: { get: () => env.note('request') },
    health: { check: () => env.note('check'), every: '1s' },
    drain: () => env.note('drain'),
    stop: () => env.note('stop'),
  })
  const job = service('job', {
    run: async (ctx) => {
      env.note('run')
      await ctx.sleep('1s')
      env.note('later')
    },
  })
  const system = buildSystem(supervisor('app', { children: [db, job] }), env)
  void system.start()
  await env.settle()
  await system.ref(db).ask('get', undefined)
  await env.advance(1_000)
  void system.stop()
  await env.advance(1_000)
  const mine = ['start in app/db', 'run in app/job', 'request in nobody', 'check in nobody', 'later in nobody']
  expect(env.calls.slice(0, 5).sort()).toEqual(mine.sort())
  expect(env.calls.slice(-3)).toEqual(['drain in app/db', 'stop in app/db', 'deferred in app/db'])
})

test('the steps of a promotion run in that of the leader', async () => {
  const env = new Insides()
  const lead = leader('lead', {
    lease: memoryLease('jobs'),
    recover: () => env.note('recover'),
    child: () => service('job', { start: () => env.note('start') }),
  })
  const system = buildSystem(supervisor('app', { children: [lead] }), env)
  void system.start()
  await env.advance(100)
  expect(env.calls).toEqual(['recover in app/lead', 'start in app/lead/scope/job@1'])
})
