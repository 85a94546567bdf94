// A watch as its readers see it: the state first, then what happens; nobody's slowness costs memory, and what is lost is told.
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMachine } from 'xstate'
import { actor, type Service, service, supervisor } from '../../src/index.js'
import type { Frame } from '../../src/observe/watch/frames.js'
import { Watch } from '../../src/observe/watch/watch.js'
import type { WatchReader } from '../../src/observe/watch/watch-reader.js'
import { eventsRoute } from '../../src/observe/watch/watch-routes.js'
import { leaf, pending, Stage } from '../tree/harness.js'

const daemon = { run: 'r', id: 'shop', pid: 1, host: 'h', node: 'v20', version: undefined, quiesce: '0', graceMs: 1, lameDuckMs: 0 }

function watchOf(stage: Stage<Service>, capacity = 100): Watch {
  const watch = new Watch({ system: stage.system, daemon, now: () => stage.env.clock.now(), capacity })
  onTestFinished(() => watch.close())
  return watch
}

const all = (reader: WatchReader): Frame[] => reader.next(1_000)
const kinds = (frames: readonly Frame[]): string[] =>
  frames.map((frame) => (frame.type === 'fact' ? `${frame.seq} ${frame.fact.type} ${frame.fact.address}` : frame.type))

describe('a reader', () => {
  test('who comes first is given the state, then each fact by its number', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const reader = watchOf(stage).read(0, () => {})
    expect(kinds(all(reader))).toEqual(['state'])
    await stage.start()
    expect(kinds(all(reader))).toEqual(['1 starting shop', '2 starting shop/db', '3 started shop/db', '4 started shop'])
    expect(all(reader)).toEqual([])
  })

  test('who comes late is given the state of now, then what led to it, as far as it was kept', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const watch = watchOf(stage)
    watch.keep()
    await stage.start()
    const [state, ...history] = all(watch.read(0, () => {}))
    expect(state).toMatchObject({
      type: 'state',
      seq: 4,
      daemon,
      tree: { status: 'ready', children: [{ address: 'shop/db', state: 'ready' }] },
    })
    expect(kinds(history)).toEqual(['1 starting shop', '2 starting shop/db', '3 started shop/db', '4 started shop'])
  })

  test('who comes back is given the state, and the facts after the last that it has', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const watch = watchOf(stage)
    watch.keep()
    await stage.start()
    expect(kinds(all(watch.read(2, () => {})))).toEqual(['state', '3 started shop/db', '4 started shop'])
  })

  test('who comes in the middle of a stop is told of it from its first word, though nobody has kept anything before', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db', { stop: () => new Promise(() => {}), shutdown: 100 })] }))
    const watch = watchOf(stage)
    const before = watch.read(0, () => {})
    await stage.start()
    expect(all(before)).toHaveLength(5)
    before.close()
    stage.system.tell({ type: 'shutdown-announced', at: 0, address: 'shop', reason: 'SIGTERM', inFlight: 0, budgetMs: 1_000 })
    expect(watch.state(false).stop).toMatchObject({ reason: 'SIGTERM', phases: [] })
    void stage.system.stop({ reason: 'SIGTERM', deadline: 900 })
    await stage.env.advance(10)
    const [state, ...history] = all(watch.read(0, () => {}))
    expect(state).toMatchObject({ type: 'state', stop: { reason: 'SIGTERM', startedAt: 0, budgetMs: 900, phases: [{ phase: 'tree' }] } })
    expect(kinds(history).slice(0, 3)).toEqual(['5 shutdown-announced shop', '6 shutdown-started shop', '7 phase-started shop'])
    expect(kinds(history).some((each) => each.endsWith('draining shop/db'))).toBe(true)
    await stage.env.run()
  })

  test('who has a number that never was is somebody of another run: all is given anew', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const watch = watchOf(stage)
    watch.keep()
    await stage.start()
    expect(kinds(all(watch.read(99, () => {})))).toHaveLength(5)
  })

  test('who is too slow is told how much is gone, and given the state anew', async () => {
    const stage = new Stage(supervisor('shop', { intensity: { max: 100, within: '1s' }, children: [leaf('db')] }))
    const watch = watchOf(stage, 4)
    const reader = watch.read(0, () => {})
    all(reader)
    await stage.start()
    for (let count = 0; count < 10; count += 1) await stage.system.ref('shop/db').restart()
    const frames = all(reader)
    const [dropped, state, ...rest] = frames
    expect(dropped?.type).toBe('dropped')
    expect(state?.type).toBe('state')
    expect(rest).toHaveLength(4)
    const total = stage.facts.length
    expect(dropped).toEqual({ type: 'dropped', count: total - 4 })
    expect(rest.at(-1)).toMatchObject({ seq: total })
  })

  test('is told in which states machines are and how far a stop has come, though the facts that said so are gone', async () => {
    const machine = createMachine({ id: 'door', initial: 'shut', states: { shut: { on: { PUSH: 'open' } }, open: {} } })
    const door = actor('door', { logic: machine })
    const closing = pending()
    const db = service('db', { start: () => 'db', stop: () => closing.promise })
    const stage = new Stage(supervisor('shop', { children: [db, door] }))
    const watch = watchOf(stage, 1)
    watch.keep()
    await stage.start()
    stage.system.ref(door).handle.send({ type: 'PUSH' })
    await stage.env.settle()
    expect(watch.state(false)).toMatchObject({ machines: { 'shop/door': { value: 'open', event: 'PUSH', at: 0 } }, stop: undefined })
    const stopped = stage.system.stop({ reason: 'SIGTERM', deadline: 5_000 })
    await stage.env.settle()
    const { stop, machines } = watch.state(false)
    expect(stop).toMatchObject({
      reason: 'SIGTERM',
      startedAt: 0,
      budgetMs: 5_000,
      phases: [{ phase: 'tree', startedAt: 0, failed: false }],
    })
    expect([stop?.phases[0]?.tookMs, stop?.endedAt]).toEqual([undefined, undefined])
    expect(machines).toEqual({})
    closing.resolve()
    await stage.env.settle()
    await stopped
    expect(watch.state(false).stop).toMatchObject({ endedAt: 0, summary: { clean: true } })
  })

  test('nothing is kept when the last has gone', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const watch = watchOf(stage)
    const reader = watch.read(0, () => {})
    await stage.start()
    expect(all(reader).length).toBe(5)
    reader.close()
    await stage.system.ref('shop/db').restart()
    // Somebody else comes: what went by meanwhile was not kept, and is not claimed to have been lost.
    expect(kinds(all(watch.read(0, () => {})))).toEqual(['state'])
  })

  test('the last that it is given is the state with the report', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    const watch = watchOf(stage)
    const reader = watch.read(0, () => {})
    all(reader)
    await stage.system.stop({ reason: 'deploy' })
    watch.close()
    expect(reader.ended).toBe(false)
    const frames = all(reader)
    expect(frames.at(-1)).toMatchObject({
      type: 'state',
      report: { reason: 'deploy', clean: true, budgetMs: null },
      tree: { status: 'stopped' },
    })
    expect(reader.ended).toBe(true)
  })
})

describe('what leaves the process', () => {
  test('is plain JSON, and of an error only its kind, code, message and causes', async () => {
    const secret = 'correct horse battery staple'
    const failure = Object.assign(new TypeError('it broke', { cause: new Error('the disk', { cause: 'full' }) }), {
      code: 'E_BROKE',
      request: { headers: { authorization: secret } },
    })
    const broken = service('broken', { run: (ctx) => ctx.sleep(5).then(() => Promise.reject(failure)), restart: 'temporary' })
    const bare = service('bare', { run: (ctx) => ctx.sleep(5).then(() => Promise.reject({ secret })), restart: 'temporary' })
    const stage = new Stage(supervisor('shop', { children: [broken, bare] }))
    const reader = watchOf(stage).read(0, () => {})
    await stage.start()
    await stage.env.advance(10)
    await stage.system.stop()
    const text = JSON.stringify(all(reader))
    expect(text).not.toContain(secret)
    const frames = JSON.parse(text) as Frame[]
    const crashes = frames.flatMap((frame) => (frame.type === 'fact' && frame.fact.type === 'crashed' ? [frame.fact.error] : []))
    expect(crashes).toEqual([
      { name: 'TypeError', message: 'it broke', code: 'E_BROKE', causes: ['the disk', 'full'] },
      { name: 'object', message: 'not an Error', causes: [] },
    ])
    // A time without limit is null.
    expect(frames.find((frame) => frame.type === 'fact' && frame.fact.type === 'shutdown-started')).toMatchObject({
      fact: { budgetMs: null },
    })
  })
})

describe('as server-sent events', () => {
  test('each frame is an event of its kind, facts by their number; the stream ends when the watch does', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    const watch = watchOf(stage)
    const response = await eventsRoute(watch, true)(new Request('http://localhost/events'))
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const text = response.text()
    await stage.system.stop()
    watch.close()
    const events = (await text).split('\n\n')
    expect(events[0]).toBe('retry: 1000')
    expect(events[1]).toMatch(/^event: state\ndata: \{.*"controls":true/)
    expect(events.find((event) => event.includes('shutdown-started'))).toMatch(/^id: \d+@r\nevent: fact\ndata: /)
    expect(events.at(-1)).toBe('')
  })

  test('who comes back to another run is given all of it: its number was of the one before', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const watch = watchOf(stage)
    watch.keep()
    await stage.start()
    const heardAfter = async (id: string): Promise<unknown[]> => {
      const request = new Request('http://localhost/events', { headers: { 'last-event-id': id } })
      const reader = (await eventsRoute(watch, true)(request)).body?.getReader()
      let text = ''
      while (!text.includes('"type":"started","at":0,"address":"shop"')) {
        const { value, done } = (await reader?.read()) ?? { done: true }
        if (done) break
        text += new TextDecoder().decode(value)
      }
      await reader?.cancel()
      return [...text.matchAll(/^id: (\d+)@r$/gm)].map(([, seq]) => Number(seq))
    }
    expect(await heardAfter('2@r')).toEqual([3, 4])
    expect(await heardAfter('2')).toEqual([3, 4])
    expect(await heardAfter('2@another')).toEqual([1, 2, 3, 4])
    expect(await heardAfter('nonsense')).toEqual([1, 2, 3, 4])
  })

  test('a reader that goes away is forgotten', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    const watch = watchOf(stage)
    const response = await eventsRoute(watch, false)(new Request('http://localhost/events'))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await stage.system.ref('shop/db').restart()
    // It was the only one, so what happened meanwhile was not kept.
    expect(kinds(all(watch.read(0, () => {})))).toEqual(['state'])
  })
})
