// The metrics of a real daemon over HTTP: while it lives, and the last scrape when it stops.
import { expect, test } from 'vitest'
import { Exposition } from '../observe/metrics/exposition.js'
import { promtool, skipsPromtool } from '../observe/metrics/promtool.js'
import { type DaemonProcess, expectInOrder, reportOf, start } from '../support/daemon-process.js'

async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(`${url}/metrics`)
  expect(response.status).toBe(200)
  return new Exposition(await response.text())
}

/** A scraper as Prometheus is one: it comes by its own clock, and knows nothing of the daemon's life. */
class Scraper {
  readonly seen: Exposition[] = []
  /** Resolves when nobody answers any more. */
  readonly over: Promise<void>

  constructor(url: string, everyMs: number) {
    this.over = new Promise((resolve) => {
      const poll = setInterval(() => {
        scrape(url).then(
          (exposition) => this.seen.push(exposition),
          () => {
            clearInterval(poll)
            resolve()
          },
        )
      }, everyMs)
    })
  }
}

async function ready(env: Readonly<Record<string, string>> = {}): Promise<{ daemon: DaemonProcess; url: string }> {
  const daemon = start('measured', { env })
  const url = await daemon.probes()
  await daemon.line('shop is ready')
  return { daemon, url }
}

test('a daemon answers scrapes beside its probes, in the format of its registry, the user’s own metrics too', async () => {
  const { daemon, url } = await ready()
  daemon.tell('work')
  await daemon.line('working')
  daemon.tell('refuse')
  const response = await fetch(`${url}/metrics`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  const exposition = new Exposition(text)
  expect(exposition.value('daemon_ready')).toBe(1)
  expect(exposition.value('orders_total')).toBe(0)
  expect(exposition.byService('worker_started_total')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
  expect(exposition.value('worker_in_flight', { service: 'shop/api' })).toBe(1)
  expect(exposition.value('shutdown_budget_seconds')).toBeLessThan(25)
  const info = exposition.samples.find(({ name }) => name === 'daemon_info')
  expect(info?.labels).toMatchObject({ id: 'shop', node: process.version, run: daemon.lines[0]?.['run'] })
  if (!skipsPromtool) expect(promtool(['check', 'metrics'], text)).toBe('')
  const head = await fetch(`${url}/metrics`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  daemon.tell('done')
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})

test('pitfall 40: with `finalScrape` a scraper that comes once a second has the last counters, and the daemon leaves as soon as it has', async () => {
  const { daemon, url } = await ready({ OPTIONS: JSON.stringify({ grace: '25s', finalScrape: '10s' }) })
  await scrape(url)
  const scraper = new Scraper(url, 1_000)
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  await scraper.over
  // Its work was cut off after 2 s.
  expect(code).toBe(3)
  const report = reportOf(lines)
  const last = scraper.seen.at(-1)
  expect(last?.value('drain_force_cancelled_total', { service: 'shop/api' })).toBe(1)
  expect(last?.sum('drain_force_cancelled_total')).toBe(report.forceCancelled)
  expect(last?.byService('worker_stopped_total')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
  expect(last?.value('shutdown_phase_failed_total', { phase: 'edges' })).toBe(1)
  expect(last?.value('shutdown_phase_started_total', { phase: 'scrape' })).toBe(1)
  expect(last?.value('shutdown_elapsed_seconds')).toBeCloseTo(report.tookMs / 1_000, 0)
  // What the log says at the end is what the scraper saw, but for the phases that came after.
  const { counters } = lines.findLast((line) => line['counters'] !== undefined) as unknown as { counters: Record<string, number> }
  for (const [name, value] of Object.entries(counters)) {
    const [, metric = '', labels = ''] = /^(\w+)\{(.*)\}$/.exec(name) ?? []
    if (metric.startsWith('shutdown_phase')) continue
    const pairs = Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, of]) => [label, of]))
    expect(last?.value(metric, pairs), name).toBe(value)
  }
  expect(counters['drain_force_cancelled_total{service="shop/api"}']).toBe(1)
  expect(counters['shutdown_phase_started_total{phase="logs"}']).toBe(1)
  // It was not the time that ended the wait.
  expect(counters['shutdown_phase_started_total{phase="scrape"}']).toBe(1)
  expect(counters['shutdown_phase_failed_total{phase="scrape"}']).toBeUndefined()
})

test('`daemon_ready` is what the readiness probe says, from the moment a stop is announced', async () => {
  const { daemon, url } = await ready({ QUIESCE_PRESTOP_TOKEN: 'swordfish', OPTIONS: JSON.stringify({ lameDuck: '200ms' }) })
  const said = async (): Promise<readonly unknown[]> => [
    (await fetch(`${url}/readyz`)).status,
    (await scrape(url)).value('daemon_ready'),
    (await scrape(url)).value('shutdown_elapsed_seconds'),
  ]
  expect(await said()).toEqual([200, 1, 0])
  await (await fetch(`${url}/prestop`, { headers: { 'x-quiesce-token': 'swordfish' } })).text()
  expect(await said()).toEqual([503, 0, 0])
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})

test('pitfall 40: a scraper that comes late is answered once with the last values, and then the daemon is gone', async () => {
  const { daemon, url } = await ready({ OPTIONS: JSON.stringify({ grace: '1m', finalScrape: '50s' }) })
  await scrape(url)
  daemon.signal('SIGTERM')
  await daemon.line(({ service, msg }) => service === 'shop' && msg === 'stopped')
  expect((await scrape(url)).byService('worker_stopped_total')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  await expect(scrape(url)).rejects.toThrow()
  const { counters } = lines.at(-1) as unknown as { counters: Record<string, number> }
  expect(counters['shutdown_phase_failed_total{phase="scrape"}']).toBeUndefined()
})

test.each([
  ['a stop', '', 0],
  ['the end of a start that failed', 'no route', 4],
] as const)('pitfall 40: where nobody has ever scraped, %s waits for nobody', async (_name, failure, expected) => {
  // If it waited, that would be for longer than a test may take.
  const daemon = start('measured', { env: { FAILURE: failure, OPTIONS: JSON.stringify({ grace: '10m', finalScrape: '9m' }) } })
  if (failure === '') await daemon.line('shop is ready')
  if (failure === '') daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(expected)
  expect(lines.some(({ msg }) => msg === 'nobody has ever scraped the metrics, so no last scrape is waited for')).toBe(true)
  const { counters } = lines.at(-1) as unknown as { counters: Record<string, number> }
  expect(counters['shutdown_phase_failed_total{phase="scrape"}']).toBeUndefined()
})

test('pitfall 40: a scraper does not come again: it is waited for as long as was told, that is said, and the exit is within the grace', async () => {
  const { daemon, url } = await ready({ OPTIONS: JSON.stringify({ grace: '5s', finalScrape: '1s' }) })
  await scrape(url)
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  // Beyond its grace it would be 124.
  expect(code).toBe(0)
  expectInOrder(lines, ['shop/api: stopped', 'shop: stopped'])
  expect(lines.some(({ msg }) => msg.startsWith('scraped of metrics was not over within 1000 ms'))).toBe(true)
  const { counters } = lines.at(-1) as unknown as { counters: Record<string, number> }
  expect(counters['shutdown_phase_failed_total{phase="scrape"}']).toBe(1)
})

test('a second signal ends the wait for a scraper: hurry is no more waiting', async () => {
  // If it went on, that would be for longer than a test may take.
  const { daemon, url } = await ready({ OPTIONS: JSON.stringify({ grace: '10m', finalScrape: '9m' }) })
  await scrape(url)
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  // Its work is cut off after 2 s, so the next signal is no copy of the first.
  await daemon.line(({ service, msg }) => service === 'shop' && msg === 'stopped')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(3)
  expect(lines.at(-1)?.msg).toMatch(/^complete: stopped, not cleanly/)
})

test('without `finalScrape` it does not wait for anybody', async () => {
  const { daemon } = await ready()
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  const { counters } = lines.at(-1) as unknown as { counters: Record<string, number> }
  expect(counters['shutdown_phase_started_total{phase="scrape"}']).toBeUndefined()
  expect(counters['worker_stopped_total{service="shop/db"}']).toBe(1)
})

test('a registry that has its names already keeps a daemon from starting, and it says what to do', async () => {
  const daemon = start('measured-twice')
  const { code, lines } = await daemon.exited
  expect(code).toBe(2)
  expect(lines.at(-1)?.msg).toMatch(
    /metrics: the registry holds `worker_startup_seconds` and \d+ more of its names already\. Give each daemon/,
  )
})
