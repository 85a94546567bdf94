// What a person may ask of a running system, and what is answered.
import { expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.js'
import { leader, type Service, service, supervisor } from '../../src/index.js'
import { memoryLease } from '../../src/leases/memory.js'
import { controlRoute } from '../../src/observe/controls.js'
import { leaf, pending, Stage } from '../tree/harness.js'

async function asked(stage: Stage<Service>, query: string): Promise<[number, string]> {
  const response = await controlRoute(stage.system, silentLog)(new Request(`http://localhost/control?${query}`, { method: 'POST' }))
  const { outcome, error } = (await response.json()) as { outcome?: string; error?: string }
  return [response.status, outcome ?? error ?? '']
}

test('restart: with all that uses it', async () => {
  const db = leaf('db')
  const stage = await new Stage(supervisor('shop', { children: [db, leaf('api', { uses: { db } })] })).start()
  expect(await asked(stage, 'verb=restart&address=shop/db')).toEqual([200, 'shop/db is ready again'])
  expect(stage.system.tree().children.map(({ incarnation }) => incarnation)).toEqual([2, 2])
})

test('drain: accepted work is finished, the process stays, readiness is gone; restart brings it back', async () => {
  const answer = pending<string>()
  const desk = service('desk', { start: () => 1, requests: { serve: () => answer.promise } })
  const stage = await new Stage(supervisor('shop', { children: [desk] })).start()
  const served = stage.system.ref(desk).ask('serve', undefined)
  const drained = asked(stage, 'verb=drain&address=shop/desk')
  await stage.env.settle()
  expect(stage.system.tree().children[0]).toMatchObject({ state: 'settling', inFlight: 1 })
  answer.resolve('done')
  expect(await served).toBe('done')
  expect(await drained).toEqual([200, 'shop/desk has stopped; the process stays. `restart` brings it back'])
  expect([...stage.system.unready()].map(({ address }) => address)).toEqual(['shop/desk'])
  await asked(stage, 'verb=restart&address=shop/desk')
  expect([...stage.system.unready()]).toEqual([])
})

test('drain without an address: every edge, wherever it stands, and nothing else', async () => {
  const low = supervisor('low', { children: [leaf('queue', { edge: true })] })
  const stage = await new Stage(supervisor('shop', { children: [leaf('db'), low, leaf('api', { edge: true })] })).start()
  const [status, words] = await asked(stage, 'verb=drain')
  expect([status, words]).toEqual([200, expect.stringMatching(/^shop\/api, shop\/low\/queue: no new work, all accepted work is finished/)])
  expect(stage.system.tree().children.map(({ id, status: state }) => `${id} ${state}`)).toEqual(['db ready', 'low ready', 'api stopped'])
  expect(await asked(stage, 'verb=drain&address=shop')).toEqual([
    409,
    expect.stringContaining('nothing in shop takes work in from outside'),
  ])
})

test('kill: its supervisor decides what follows', async () => {
  const stage = await new Stage(supervisor('shop', { children: [leaf('db'), leaf('down')] })).start()
  expect(await asked(stage, 'verb=kill&address=shop/db')).toEqual([
    200,
    expect.stringContaining('shop/db (incarnation 1) was ended by force'),
  ])
  await stage.env.settle()
  expect(stage.system.ref('shop/db').incarnation).toBe(2)
  await asked(stage, 'verb=drain&address=shop/down')
  expect(await asked(stage, 'verb=kill&address=shop/down')).toEqual([409, 'nothing of shop/down runs: it is stopped'])
})

test('step-down: of a leader that leads', async () => {
  const head = leader('head', { lease: memoryLease('jobs'), candidate: 'a', child: () => leaf('child') })
  const stage = await new Stage(supervisor('shop', { children: [head, leaf('db')] })).start()
  await stage.env.advance(1_000)
  expect(await asked(stage, 'verb=step-down&address=shop/db')).toEqual([409, 'shop/db is no leader'])
  expect(await asked(stage, 'verb=step-down&address=shop/head')).toEqual([200, 'shop/head has stepped down from term 1'])
  const stopped = stage.system.stop()
  await stage.env.advance(100)
  await stopped
})

test.each([
  ['verb=destroy', 400, 'there is no "destroy"; there are restart, drain, kill, step-down'],
  ['verb=restart', 400, 'restart needs an address, such as shop/db'],
  ['verb=restart&address=shop/nobody', 404, 'there is no shop/nobody in the tree of shop'],
  ['verb=kill&address=shop', 409, 'shop is the root: to end the daemon, send its process'],
])('%s is refused in words', async (query, status, words) => {
  const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
  expect(await asked(stage, query)).toEqual([status, expect.stringContaining(words)])
  expect(stage.news()).toEqual([])
})

test('what a supervisor refuses is told with its reason', async () => {
  const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
  await stage.system.stop()
  expect(await asked(stage, 'verb=restart&address=shop/db')).toEqual([409, 'shop/db: the supervisor is not running'])
})
