// What a trace of a start, a restart and a shutdown looks like.
import { expect, test } from 'vitest'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { traced } from './traces.js'

test('a start and a shutdown', async () => {
  const db = service('db', { start: (ctx) => ctx.sleep('30ms'), stop: () => undefined })
  const api = service('api', { uses: { db }, edge: true, start: (ctx) => ctx.sleep('10ms'), stop: async () => {} })
  const worker = service('worker', { run: (ctx) => ctx.sleep('1h') })
  const { env, system, drawn } = traced(supervisor('app', { children: [db, supervisor('front', { children: [api] }), worker] }))
  const starting = system.start()
  await env.advance(100)
  await starting
  const stopping = system.stop()
  await env.advance(10_000)
  await stopping
  expect(drawn()).toEqual([])
})
