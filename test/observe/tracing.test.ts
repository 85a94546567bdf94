// What the traces of a daemon look like: its start, what is restarted, who leads, its shutdown.
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { AlwaysOffSampler, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { describe, expect, test, vi } from 'vitest'
import { leader } from '../../src/leader/leader.js'
import { memoryLease } from '../../src/leases/memory.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import type { Service } from '../../src/tree/definition.js'
import { dynamicSupervisor } from '../../src/tree/dynamic-supervisor.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { SINCE, traced } from './traces.js'

const env = new VirtualEnv()

/** Takes so long to start and to stop. */
function slow(id: string, startMs: number, stopMs = 0, options: object = {}): Service {
  return service(id, {
    ...options,
    start: async (ctx) => {
      if (startMs > 0) await ctx.sleep(startMs)
      return id
    },
    stop: () => wait(stopMs),
  })
}

function wait(ms: number): void | Promise<void> {
  if (ms > 0) return new Promise((resolve) => void env.outside.after(ms, resolve))
}

describe('a start', () => {
  test('has the supervisors and services in it, each as a part of what waits for it', async () => {
    const front = supervisor('front', { children: [slow('api', 10)] })
    const { system, drawn } = traced(supervisor('app', { children: [slow('db', 30), front, slow('worker', 0)] }), { env })
    void system.start()
    await env.advance(100)
    expect(drawn()).toEqual([
      'start  0–40',
      '  start app/db  0–30',
      '  start app/front  30–40',
      '    start app/front/api  30–40',
      '  start app/worker  40–40',
    ])
  })

  test('that fails says where and why, and is undone', async () => {
    const api = service('api', {
      start: () => Promise.reject(Object.assign(new Error('no port'), { code: 'EADDRINUSE', request: 'secret' })),
    })
    const { system, drawn, spans } = traced(supervisor('app', { children: [slow('db', 30, 5), api] }), { env })
    const starting = expect(system.start()).rejects.toThrow('no port')
    await env.advance(100)
    await starting
    expect(drawn()).toEqual([
      'start  0–35  ! app did not start: app/api did not start, after 35 ms: no port  [exception@35]',
      '  start app/db  0–30',
      '  start app/api  30–30  ! no port  [exception@30]',
      'shutdown  0–5',
      '  tree  0–5  ! not everything went as it should',
      '    stop app/db  0–5  [refused@0 settled@0]',
      '      close  0–5',
    ])
    const failed = spans().find(({ name }) => name === 'start app/api')
    expect(failed?.attributes).toEqual({ 'quiesce.address': 'app/api', 'quiesce.incarnation': 1, 'error.type': 'EADDRINUSE' })
    expect(Object.keys(failed?.events[0]?.attributes ?? {})).toEqual(['exception.type', 'exception.message', 'exception.stacktrace'])
    expect(JSON.stringify(spans().map(({ events, attributes }) => ({ events, attributes })))).not.toContain('secret')
  })

  test('that is called off ends where the stop begins', async () => {
    const { system, drawn } = traced(supervisor('app', { children: [slow('db', 30), slow('api', 100)] }), { env })
    const starting = expect(system.start()).rejects.toThrow('stopped while it was starting')
    await env.advance(50)
    void system.stop()
    await env.advance(1_000)
    await starting
    expect(drawn()).toEqual([
      'start  0–50  [called off@50]',
      '  start app/db  0–30',
      '  start app/api  30–50  [called off@50]',
      'shutdown  0–0',
      '  tree  0–0',
      '    stop app/api  0–0  [refused@0]',
      '    stop app/db  0–0  [refused@0 settled@0]',
    ])
  })
})

describe('a shutdown', () => {
  test('has the edges in their phase and everybody else below the supervisor that waits for it', async () => {
    const front = supervisor('front', { children: [slow('api', 0, 7, { edge: true })] })
    const { system, drawn, spans } = traced(supervisor('app', { children: [slow('db', 0, 3), front] }), { env })
    void system.start()
    await env.advance(10)
    void system.stop({ reason: 'SIGTERM', deadline: '10s' })
    await env.advance(1_000)
    expect(drawn().slice(4)).toEqual([
      'shutdown  0–10',
      '  edges  0–7',
      '    stop app/front/api  0–7  [refused@0 settled@0]',
      '      close  0–7',
      '  tree  7–10',
      '    stop app/front  7–7  [refused@7 settled@7]',
      '    stop app/db  7–10  [refused@7 settled@7]',
      '      close  7–10',
    ])
    expect(spans().find(({ name }) => name === 'shutdown')?.attributes).toEqual({
      'quiesce.address': 'app',
      'quiesce.run': 'r1',
      'quiesce.reason': 'SIGTERM',
      'quiesce.in_flight': 0,
      'quiesce.budget_ms': 10_000,
      'quiesce.clean': true,
      'quiesce.force_cancelled': 0,
    })
    expect(spans().find(({ name }) => name === 'stop app/db')?.attributes).toEqual({
      'quiesce.address': 'app/db',
      'quiesce.incarnation': 1,
      'quiesce.exit': 'shutdown',
      'quiesce.verdict': 'acked',
      'quiesce.in_flight': 0,
      'quiesce.waited_for': 'app/front',
    })
  })

  test('says that it was a hurry that cut it off', async () => {
    const slow = service('slow', {
      start: () => 'x',
      drain: (_handle, ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve())),
      stop: () => wait(10),
    })
    const { system, drawn, spans } = traced(supervisor('app', { children: [slow] }), { env })
    void system.start()
    await env.advance(20)
    void system.stop({ deadline: '20s' })
    await env.advance(50)
    system.hurry()
    await env.advance(2_000)
    expect(drawn()).toContain('    stop app/slow  0–60  ! it was hurried  [refused@0 forced@50 settled@50]')
    const forced = spans()
      .find(({ name }) => name === 'stop app/slow')
      ?.events.find(({ name }) => name === 'forced')
    expect(forced?.attributes).toEqual({ 'quiesce.in_flight': 0, 'quiesce.why': 'hurry' })
  })

  test('says who was cut off, who was given up and what threw', async () => {
    const children = [
      service('stubborn', { shutdown: '100ms', start: () => 'x', drain: () => new Promise<void>(() => {}), stop: () => wait(10) }),
      service('deaf', { shutdown: '50ms', start: () => 'x', stop: () => new Promise<void>(() => {}) }),
      service('brief', { shutdown: 'brutal-kill', start: () => 'x' }),
      service('clumsy', { start: () => 'x', stop: () => Promise.reject(new Error('bad stop')) }),
    ]
    const { system, drawn } = traced(supervisor('app', { children }), { env })
    void system.start()
    await env.advance(20)
    void system.stop({ deadline: '20s' })
    await env.advance(2_000)
    expect(drawn().slice(5)).toEqual([
      'shutdown  0–110  ! not everything stopped in order',
      '  tree  0–110  ! not everything went as it should',
      '    stop app/clumsy  0–0  ! bad stop  [refused@0 settled@0 exception@0]',
      '    stop app/brief  0–0  [forced@0]',
      '    stop app/deaf  0–50  ! given up: a hook has not ended  [refused@0 settled@0 killed@50 forced@50]',
      '      close  0–50',
      '    stop app/stubborn  50–110  ! given up: a hook has not ended  [refused@50 forced@100 settled@100]',
      '      drain  50–100',
      '      close  100–110',
    ])
  })

  test('is told in the wall clock of its beginning, whatever that does in between', async () => {
    const { system, drawn, spans } = traced(supervisor('app', { children: [slow('db', 0, 5)] }), { env })
    void system.start()
    await env.advance(10)
    const sinceAt = env.now
    void system.stop()
    vi.mocked(Date.now).mockImplementation(() => SINCE - 3_600_000)
    await env.advance(100)
    drawn()
    const span = spans().find(({ name }) => name === 'stop app/db')
    expect(span?.startTime).toEqual([(SINCE + sinceAt) / 1_000 - (((SINCE + sinceAt) / 1_000) % 1), ((SINCE + sinceAt) % 1_000) * 1e6])
    expect(span?.duration).toEqual([0, 5e6])
    expect(span?.kind).toBe(SpanKind.INTERNAL)
  })
})

describe('in normal life', () => {
  test('a restart lasts from the crash until all who had to end because of it are back; each attempt is one', async () => {
    const lives = [
      () => void env.outside.after(100, () => crash?.(new Error('boom'))),
      () => {
        throw new Error('not yet')
      },
    ]
    let crash: ((error: unknown) => void) | undefined
    const worker = service('worker', {
      start: async (ctx) => {
        crash = (error) => ctx.fail(error)
        await ctx.sleep(10)
        lives.shift()?.()
        return 'worker'
      },
      stop: () => wait(20),
    })
    const group = supervisor('group', {
      strategy: 'rest-for-one',
      backoff: { initial: '50ms', jitter: 0 },
      intensity: { max: 5, within: '1m' },
      children: [worker, slow('after', 7, 5)],
    })
    const { system, drawn } = traced(supervisor('app', { children: [group] }), { env })
    void system.start()
    await env.advance(1_000)
    expect(drawn().slice(4)).toEqual([
      'restart app/group/worker  0–85  ! not yet  [exception@0 backing off@25 exception@85]',
      '  stop app/group/worker  0–20  ! crash',
      '  stop app/group/after  20–25  [refused@20 settled@20]',
      '    close  20–25',
      '  start app/group/worker  75–85  ! not yet  [exception@85]',
      'restart app/group/worker  0–117  [exception@0 backing off@0]',
      '  start app/group/worker  100–110',
      '  start app/group/after  110–117',
    ])
  })

  test('a supervisor that gives up has a trace of that, and its restart by the one above another', async () => {
    const lives = [0, 0]
    const worker = service('worker', {
      run: async (ctx) => {
        const isLast = lives.pop() === undefined
        await ctx.sleep(isLast ? 1e6 : 100)
        throw new Error('boom')
      },
    })
    const group = supervisor('group', { intensity: { max: 1, within: '1m' }, children: [slow('other', 7, 5), worker] })
    const { system, drawn } = traced(supervisor('app', { children: [group] }), { env })
    void system.start()
    await env.advance(1_000)
    expect(drawn().slice(4)).toEqual([
      'restart app/group/worker  0–0  [exception@0]',
      '  start app/group/worker  0–0',
      'stop app/group  0–5  ! app/group gave up: 2 restarts within 60000 ms, 1 are allowed. The last to crash was app/group/worker: boom  [exception@0 refused@0 settled@0]',
      '  stop app/group/other  0–5  [refused@0 settled@0]',
      '    close  0–5',
      'restart app/group  0–12  [exception@0]',
      '  stop app/group  0–5  ! crash',
      '  start app/group  5–12',
      '    start app/group/other  5–12',
      '    start app/group/worker  12–12',
    ])
  })

  test('a restart by hand is a stop and a start', async () => {
    const worker = slow('worker', 2, 10)
    const { system, drawn } = traced(supervisor('app', { children: [worker] }), { env })
    void system.start()
    await env.advance(10)
    void system.ref(worker).restart()
    await env.advance(100)
    expect(drawn().slice(2)).toEqual(['stop app/worker  0–10  [refused@0 settled@0]', '  close  0–10', 'start app/worker  0–2'])
  })

  test('a promotion and a step down have what runs for the term in them', async () => {
    const lead = leader('lead', { lease: memoryLease('jobs'), child: () => slow('job', 5, 8) })
    const { system, drawn } = traced(supervisor('app', { children: [lead] }), { env })
    void system.start()
    await env.advance(1_000)
    void system.stop()
    await env.advance(1_000)
    expect(drawn().slice(4)).toEqual([
      'promote app/lead  0–5',
      '  start app/lead/scope/*  0–5',
      'shutdown  0–8',
      '  tree  0–8',
      '    stop app/lead  0–8  [refused@0 settled@8]',
      '      step down app/lead  0–8',
      '        stop app/lead/scope/*  0–8  [refused@0 settled@0]',
      '          close  0–8',
      '      stop app/lead/campaign  0–8  [refused@0 settled@8]',
      '        drain  0–8',
      '      stop app/lead/scope  8–8  [refused@8 settled@8]',
    ])
  })

  test('children that come and go have none', async () => {
    const pool = dynamicSupervisor('pool', { child: (id: string) => slow(id, 1) })
    const { system, drawn } = traced(supervisor('app', { children: [pool] }), { env })
    void system.start()
    await env.advance(10)
    void system.ref(pool).handle.start('c1')
    await env.advance(10)
    expect(drawn()).toEqual(['start  0–0', '  start app/pool  0–0'])
  })

  test('a storm of restarts has 60 traces a minute, and says how many it would have had', async () => {
    const worker = service('worker', {
      run: async (ctx) => {
        await ctx.sleep(100)
        throw new Error('boom')
      },
    })
    const tree = supervisor('app', { intensity: { max: 1e6, within: '1s' }, children: [worker] })
    const { system, spans } = traced(tree, { env })
    void system.start()
    await env.advance(60_000)
    const restarts = (): number => spans().filter(({ name }) => name === 'restart app/worker').length
    expect(restarts()).toBe(60)
    await env.advance(1_000)
    expect(restarts()).toBeGreaterThan(60)
    const counted = spans().find(({ attributes }) => attributes['quiesce.traces_left_out'] !== undefined)
    expect(counted?.attributes['quiesce.traces_left_out']).toBeGreaterThan(500)
  })
})

describe('bounds', () => {
  test('of ten thousand services so many have spans; the slowest and those that went wrong are added', async () => {
    const children = Array.from({ length: 10_000 }, (_, index) => slow(`c${index}`, index >= 9_900 ? index - 9_899 : 0))
    children[5_000] = service('c5000', { shutdown: '10ms', start: () => 'x', stop: () => new Promise<void>(() => {}) })
    const { system, spans, drawn } = traced(supervisor('app', { children }), { env, services: 100 })
    void system.start()
    await env.advance(10_000)
    const starts = spans()
    expect(starts).toHaveLength(1 + 100 + 50)
    expect(starts.find(({ name }) => name === 'start')?.attributes['quiesce.left_out']).toBe(10_000 - 150)
    expect(starts.map(({ name }) => name)).toContain('start app/c9999')
    void system.stop()
    await env.advance(10_000)
    drawn()
    const stops = spans().slice(starts.length)
    expect(stops).toHaveLength(2 + 100 + 1)
    expect(stops.find(({ name }) => name === 'stop app/c5000')?.status.message).toBe('given up: a hook has not ended')
    expect(stops.find(({ name }) => name === 'shutdown')?.attributes['quiesce.left_out']).toBe(10_000 - 101)
  })

  test('those that were added at run time take at most half, and share one name', async () => {
    const pool = dynamicSupervisor('pool', { child: (id: string) => slow(id, 0) })
    const { system, spans, drawn } = traced(supervisor('app', { children: [slow('db', 0), pool] }), { env, services: 20 })
    void system.start()
    await env.advance(10)
    for (let index = 0; index < 100; index += 1) void system.ref(pool).handle.start(`k${index}`)
    await env.advance(10)
    void system.stop()
    await env.advance(1_000)
    drawn()
    const stops = spans().filter(({ name }) => name.startsWith('stop'))
    expect(stops.filter(({ name }) => name === 'stop app/pool/*')).toHaveLength(10)
    expect(stops.map(({ name }) => name)).toContain('stop app/db')
  })
})

describe('nothing is made for services', () => {
  test.each([
    ['without an SDK', trace.getTracerProvider()],
    ['when the trace is not sampled', new NodeTracerProvider({ sampler: new AlwaysOffSampler() })],
  ])('%s', async (_, tracerProvider) => {
    const started: string[] = []
    const inner = tracerProvider.getTracer('quiesce')
    const tracer = Object.create(inner, {
      startSpan: {
        value: (...[name, options, context]: Parameters<typeof inner.startSpan>) => {
          started.push(name)
          return inner.startSpan(name, options, context ?? ROOT_CONTEXT)
        },
      },
    }) as typeof inner
    const { system, attachment } = traced(supervisor('app', { children: [slow('db', 0), slow('api', 0)] }), { env, tracer })
    void system.start()
    await env.advance(10)
    expect(attachment.fields?.('app/db')).toBeUndefined()
    void system.stop()
    await env.advance(10)
    expect(started).toEqual(['start', 'shutdown'])
  })
})
