// The user's registry: what is put in and taken out, what is wrong with it, what a scrape is answered with and when it was the last one.
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { Counter, collectDefaultMetrics, type OpenMetricsContentType, Registry } from 'prom-client'
import { createSystem, type Service, type System, service, supervisor } from 'quiesce'
import { type MetricsRegistry, metrics } from 'quiesce/metrics'
import { describe, expect, test } from 'vitest'
import { type Log, silentLog } from '../../../src/base/log.js'
import type { Attachment } from '../../../src/observe/observer.js'
import { Problems } from '../../../src/protocol/spec.js'
import { VirtualEnv } from '../../../src/testing/virtual-env.js'
import { leaf } from '../../tree/harness.js'
import { Exposition } from './exposition.js'
import { observedOf, Scraped } from './rig.js'

function problemsOf(options: unknown): readonly string[] {
  const problems = new Problems()
  metrics(options as Parameters<typeof metrics>[0]).check?.(problems)
  return problems.list
}

/** Metrics attached to a system of one service that stands still. */
function attach(
  registry: MetricsRegistry,
  { prefix = '', log = silentLog }: { prefix?: string; log?: Log } = {},
): Attachment & { readonly system: System; readonly env: VirtualEnv } {
  const env = new VirtualEnv()
  const system = createSystem(supervisor('shop', { children: [leaf('db')] }) as Service, { env })
  return { ...metrics({ registry, prefix }).attach(observedOf(system, env, log)), system, env }
}

function request(method = 'GET'): Request {
  return new Request('http://localhost/metrics', { method })
}

async function answerOf(attachment: Attachment, method = 'GET'): Promise<Response> {
  const route = attachment.probes?.get('GET /metrics')
  if (route === undefined) throw new Error('there is no route')
  return await route(request(method))
}

describe('the options', () => {
  test('all that is wrong is told at once', () => {
    expect(problemsOf(undefined)).toEqual([
      'metrics: `registry` is undefined, not a Registry of prom-client: metrics({ registry: new Registry() })',
    ])
    expect(problemsOf({ registry: new Map(), prefix: '7up' })).toEqual([
      'metrics: `registry` is an object, not a Registry of prom-client: metrics({ registry: new Registry() })',
      'metrics: `prefix` is \'7up\'; a name of Prometheus begins with a letter, "_" or ":", and goes on with these and digits',
    ])
    expect(problemsOf({ registry: new Registry(), prefix: 7 })).toHaveLength(1)
    expect(problemsOf({ registry: new Registry(), prefix: 'shop_' })).toEqual([])
    expect(problemsOf({ registry: new Registry() })).toEqual([])
  })

  test('pitfall 41: a registry that has its names already is refused, and is left as it was', async () => {
    const registry = new Registry()
    const first = attach(registry)
    const [problem] = problemsOf({ registry })
    expect(problem).toMatch(
      /^metrics: the registry holds `worker_startup_seconds` and \d+ more of its names already\. Give each daemon of a process a `prefix` or a Registry of its own; one daemon needs but one metrics\(…\)$/,
    )
    const before = await registry.metrics()
    expect(() => attach(registry)).toThrow(/the registry holds/)
    expect(await registry.metrics()).toBe(before)
    // With a prefix there is room for both.
    expect(problemsOf({ registry, prefix: 'b_' })).toEqual([])
    const second = attach(registry, { prefix: 'b_' })
    const both = new Exposition(await registry.metrics())
    expect(both.value('daemon_ready')).toBe(0)
    expect(both.value('b_daemon_ready')).toBe(0)
    second.close?.()
    const one = new Exposition(await registry.metrics())
    expect(one.value('daemon_ready')).toBe(0)
    expect(one.value('b_daemon_ready')).toBeUndefined()
    first.close?.()
    expect(registry.getMetricsAsArray()).toEqual([])
  })

  test('a single name of the user is enough, and is named', () => {
    const registry = new Registry()
    new Counter({ name: 'worker_crashes_total', help: 'mine', registers: [registry] })
    expect(problemsOf({ registry })).toEqual([
      'metrics: the registry holds `worker_crashes_total` already. Give each daemon of a process a `prefix` or a Registry of its own; one daemon needs but one metrics(…)',
    ])
  })
})

describe('what is registered', () => {
  test('pitfall 41: is taken out again when the daemon has ended; what is the user’s stays, and after that it can be attached anew', async () => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const own = new Counter({ name: 'orders_total', help: 'mine', registers: [registry] })
    own.inc(3)
    const names = registry.getMetricsAsArray().map(({ name }) => name)
    for (let round = 0; round < 2; round += 1) {
      const attachment = attach(registry)
      expect(registry.getMetricsAsArray().length).toBeGreaterThan(names.length + 30)
      attachment.close?.()
      expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(names)
    }
    expect(new Exposition(await registry.metrics()).value('orders_total')).toBe(3)
  })

  test('counts on after a scrape as OpenMetrics, which renames counters, and is taken out as well', async () => {
    const registry = new Registry<OpenMetricsContentType>()
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    const attachment = attach(registry)
    const response = await answerOf(attachment)
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    const text = await response.text()
    expect(text.endsWith('\n# EOF\n')).toBe(true)
    expect(text).toContain('# TYPE worker_started counter')
    const started = attachment.system.start()
    await attachment.env.settle()
    await started
    for (let count = 0; count < 2; count += 1) {
      const exposition = new Exposition(await (await answerOf(attachment)).text())
      expect(exposition.byService('worker_started_total')).toEqual({ shop: 1, 'shop/db': 1 })
    }
    attachment.close?.()
    expect(registry.getMetricsAsArray()).toEqual([])
  })

  test('may be in a registry of another copy of prom-client', async () => {
    const require = createRequire(import.meta.url)
    const copies = Object.keys(require.cache).filter((path) => path.includes('prom-client'))
    const kept = copies.map((path) => [path, require.cache[path]] as const)
    for (const path of copies) delete require.cache[path]
    const other = require('prom-client') as typeof import('prom-client')
    for (const [path, module] of kept) require.cache[path] = module
    expect(other.Registry).not.toBe(Registry)
    const registry = new other.Registry()
    new other.Counter({ name: 'orders_total', help: 'mine', registers: [registry] }).inc()
    const attachment = attach(registry)
    const started = attachment.system.start()
    await attachment.env.settle()
    await started
    const exposition = new Exposition(await registry.metrics())
    expect(exposition.value('orders_total')).toBe(1)
    expect(exposition.byService('worker_started_total')).toEqual({ shop: 1, 'shop/db': 1 })
    expect(exposition.value('worker_startup_seconds_count', { service: 'shop/db' })).toBe(1)
    attachment.close?.()
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['orders_total'])
  })

  test('has names, types and help as the exposition announces them, each once', async () => {
    const { announced } = new Exposition(await attachedText())
    expect(new Set(announced.map(({ name }) => name)).size).toBe(announced.length)
    for (const { name, type, help } of announced) {
      expect(name).toMatch(/^[a-z_]+$/)
      expect(help).toMatch(/^[A-Z0-9].*\.$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
    }
  })

  async function attachedText(): Promise<string> {
    const registry = new Registry()
    attach(registry)
    return await registry.metrics()
  }
})

describe('a scrape', () => {
  test('is answered with all that is in the registry, in its format', async () => {
    const registry = new Registry()
    new Counter({ name: 'orders_total', help: 'mine', registers: [registry] }).inc(2)
    const response = await answerOf(attach(registry))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const exposition = new Exposition(await response.text())
    expect(exposition.value('orders_total')).toBe(2)
    expect(exposition.value('shutdown_budget_seconds')).toBe(25)
    expect(exposition.samples.find(({ name }) => name === 'daemon_info')?.labels).toEqual({
      id: 'shop',
      run: 'run-1',
      version: '1.2.3',
      quiesce: '0.1.0',
      node: 'v24.0.0',
    })
  })

  test.each([
    ['gzip', true],
    ['deflate, GZIP;q=1.0, *;q=0.5', true],
    ['br;q=1.0,gzip;q=0.2', true],
    ['gzip;q=0.0', false],
    ['gzip; q=0, deflate', false],
    ['xgzip, gzipped', false],
    ['identity', false],
  ])('is packed where that is asked for: %s', async (accepted, isPacked) => {
    const attachment = attach(new Registry())
    const plain = await (await answerOf(attachment)).text()
    const route = attachment.probes?.get('GET /metrics')
    const response = await route?.(new Request('http://localhost/metrics', { headers: { 'accept-encoding': accepted } }))
    expect(response?.headers.get('content-encoding')).toBe(isPacked ? 'gzip' : null)
    const bytes = Buffer.from((await response?.arrayBuffer()) ?? new ArrayBuffer())
    expect((isPacked ? gunzipSync(bytes) : bytes).toString()).toBe(plain)
  })

  test('that a metric of the user spoils is a 500, and the log says why', async () => {
    const registry = new Registry()
    const lines: string[] = []
    const log = { ...silentLog, error: (_fields: unknown, message?: string) => void lines.push(message ?? '') } as Log
    const attachment = attach(registry, { log })
    const collect = (): void => {
      throw new Error('secret')
    }
    new Counter({ name: 'orders_total', help: 'mine', registers: [registry], collect })
    const response = await answerOf(attachment)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(lines).toEqual(['the metrics could not be collected: a metric of the registry threw'])
  })

  test('is the last one when it began after the tree had stopped and was read to its end', async () => {
    const registry = new Registry()
    const attachment = attach(registry)
    const { system, env } = attachment
    let isOver = false
    const started = system.start()
    await env.settle()
    await started
    const early = await answerOf(attachment)
    void attachment.scraped?.().then(() => {
      isOver = true
    })
    const stopped = system.stop()
    await env.run()
    await stopped
    // Begun before the end: it has not the last values, whenever it is read.
    await early.text()
    await env.settle()
    expect(isOver).toBe(false)
    await answerOf(attachment, 'HEAD')
    await (await answerOf(attachment)).body?.cancel()
    await env.settle()
    expect(isOver).toBe(false)
    const last = await answerOf(attachment)
    await env.settle()
    expect(isOver).toBe(false)
    const exposition = new Exposition(await last.text())
    await env.settle()
    expect(isOver).toBe(true)
    expect(exposition.byService('worker_stopped_total')).toEqual({ shop: 1, 'shop/db': 1 })
  })

  test('that never came is not waited for; a HEAD is none', async () => {
    const lines: string[] = []
    const log = { ...silentLog, info: (text: string) => void lines.push(text) } as Log
    const attachment = attach(new Registry(), { log })
    await answerOf(attachment, 'HEAD')
    await attachment.scraped?.()
    expect(lines).toEqual(['nobody has ever scraped the metrics, so no last scrape is waited for'])
  })

  test('that is long is told as the last one only when its last piece was read', async () => {
    const registry = new Registry()
    const filler = new Counter({ name: 'orders_total', help: 'mine', labelNames: ['who'], registers: [registry] })
    for (let count = 0; count < 3_000; count += 1) filler.inc({ who: `${count}-${'x'.repeat(50)}` })
    const attachment = attach(registry)
    let isOver = false
    await answerOf(attachment)
    void attachment.scraped?.().then(() => {
      isOver = true
    })
    const stopped = attachment.system.stop()
    await attachment.env.run()
    await stopped
    const reader = ((await answerOf(attachment)).body as ReadableStream<Uint8Array>).getReader()
    let bytes = 0
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      bytes += value.length
      await attachment.env.settle()
      expect(isOver).toBe(false)
    }
    await attachment.env.settle()
    expect(bytes).toBeGreaterThan(200_000)
    expect(isOver).toBe(true)
  })
})

describe('the farewell', () => {
  test('holds the last value of every counter that has counted, as the exposition has it', async () => {
    const stage = await new Scraped(supervisor('shop', { children: [leaf('db'), leaf('api', { edge: true })] }), {
      prefix: 'shop_',
    }).start()
    await stage.settled(stage.system.stop())
    const counters = stage.attachment.counters?.() ?? {}
    expect(counters['shop_worker_stopped_total{service="shop/db"}']).toBe(1)
    expect(counters['shop_shutdown_phase_started_total{phase="edges"}']).toBe(1)
    const { samples } = await stage.scrape()
    const counted = samples.filter(({ name, value }) => name.endsWith('_total') && value > 0)
    expect(Object.keys(counters)).toHaveLength(counted.length)
    for (const { name, labels, value } of counted) {
      const spelled = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
      expect(counters[`${name}{${spelled.join(',')}}`]).toBe(value)
    }
  })

  test('of a big tree holds sums, since it must fit into one line', async () => {
    const many = Array.from({ length: 500 }, (_, index) => leaf(`service-${index}`))
    const stage = await new Scraped(supervisor('shop', { children: many })).start()
    await stage.settled(stage.system.stop())
    expect(stage.attachment.counters?.()).toEqual({
      worker_started_total: 501,
      worker_stopped_total: 501,
      'shutdown_phase_started_total{phase="tree"}': 1,
    })
  })
})

test('a crash that carries a secret leaves none in the metrics', async () => {
  const db = service('db', { start: (ctx) => ctx.fail })
  const stage = await new Scraped(supervisor('shop', { children: [db] })).start()
  stage.system.ref(db).handle(new Error('password=hunter2'))
  await stage.env.settle()
  expect(JSON.stringify([(await stage.scrape()).samples, stage.attachment.counters?.()])).not.toContain('hunter2')
  await stage.settled(stage.system.stop())
})
