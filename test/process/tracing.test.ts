// Spans of a real daemon, sent by the real SDK to a collector: to the last one, and without holding up the exit.
import { expect, test } from 'vitest'
import { type Collector, startCollector } from '../support/collector.js'
import { type Line, start } from '../support/daemon-process.js'

/** The names on the way from a span up to the first of its trace. */
function pathOf({ spans }: Collector, name: string): string[] {
  const path: string[] = []
  for (let at = spans.find((span) => span.name === name); at !== undefined; at = spans.find(({ spanId }) => spanId === at?.parentSpanId))
    path.push(at.name)
  return path
}

test.each(['batch', 'simple'])(
  'pitfall 39: %s: the last span arrives, and those of the application are parts of those of their service',
  async (processor) => {
    const collector = await startCollector()
    const daemon = start('tracing', { env: { COLLECTOR: collector.url, PROCESSOR: processor } })
    await daemon.line('later')
    daemon.signal('SIGTERM')
    const { code, lines, stderr } = await daemon.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(pathOf(collector, 'connect')).toEqual(['connect', 'start app/db', 'start'])
    expect(pathOf(collector, 'later')).toEqual(['later'])
    expect(pathOf(collector, 'disconnect')).toEqual(['disconnect', 'stop app/db', 'tree', 'shutdown'])
    expect(collector.spans.filter(({ name }) => name === 'shutdown')).toHaveLength(1)

    const idsOf = (name: string): object | undefined => {
      const span = collector.spans.find((each) => each.name === name)
      return span && { trace_id: span.traceId, span_id: span.spanId, trace_flags: '01' }
    }
    const lineOf = (msg: string, service = 'app/db'): Line | undefined =>
      lines.find((line) => line.msg === msg && line['service'] === service)
    for (const msg of ['starting', 'connecting', 'ready']) expect(lineOf(msg)).toMatchObject(idsOf('start app/db') ?? { none: true })
    expect(lineOf('migrating')).toMatchObject(idsOf('migrate') ?? { none: true })
    for (const msg of ['draining', 'disconnecting', 'stopped']) expect(lineOf(msg)).toMatchObject(idsOf('stop app/db') ?? { none: true })
    expect(lineOf('ready', 'app')).toMatchObject(idsOf('start') ?? { none: true })
    const ownLineOf = (msg: string): Line | undefined => lines.find((line) => line.msg.startsWith(msg) && line['service'] === undefined)
    expect(ownLineOf('app is ready')).toMatchObject(idsOf('start') ?? { none: true })
    for (const msg of ['drain started', 'readiness 503', 'stopping the tree', 'complete: '])
      expect(ownLineOf(msg), msg).toMatchObject(idsOf('shutdown') ?? { none: true })
    expect(ownLineOf('app starts')).not.toHaveProperty('trace_id')
  },
)

test('pitfall 39: a collector that never answers costs its share of the grace and is one warning in the log', {
  timeout: 30_000,
}, async () => {
  const collector = await startCollector({ deaf: true })
  const daemon = start('tracing', { env: { COLLECTOR: collector.url } })
  await daemon.line('later')
  daemon.signal('SIGTERM')
  // The exporter would have waited for a minute, longer than this test has.
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(collector.asked).toBeGreaterThan(0)
  expect(lines.filter(({ level }) => level >= 40)).toHaveLength(1)
  expect(lines.find(({ level }) => level === 40)).toMatchObject({ observer: 'tracing' })
  expect(lines.at(-1)?.msg).toMatch(/^complete: stopped cleanly/)
})

test('nobody listens where the collector should be: the same', async () => {
  const daemon = start('tracing', { env: { COLLECTOR: 'http://127.0.0.1:1/v1/traces' } })
  await daemon.line('later')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ level }) => level >= 40).map(({ observer }) => observer)).toEqual(['tracing'])
})
