// The first and the last line of a log: what does not change is said once, under a `run` that every line carries; the end is one line.
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { run } from '../../src/daemon/run.js'
import { metrics } from '../../src/observe/metrics/metrics.js'
import type { Observer } from '../../src/observe/observer.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { keptLog } from './kept-log.js'

async function livedWith(observers: readonly Observer[]): Promise<ReturnType<typeof keptLog>['lines']> {
  const { log, lines } = keptLog('trace')
  const stop = new AbortController()
  const db = service('db', {
    start: (ctx) => {
      ctx.log.info('mine')
      return 'db'
    },
  })
  await run(supervisor('shop', { children: [db] }), {
    log,
    observers,
    version: '1.2.3',
    signal: stop.signal,
    probes: false,
    admin: false,
    marker: false,
    onReady: () => stop.abort(),
  })
  return lines
}

test('what does not change is said once; every line carries the run, those of services too', async () => {
  const [first, ...others] = await livedWith([])
  expect(first).toMatchObject({ id: 'shop', version: '1.2.3', pid: process.pid, node: process.version, tree: ['shop', 'shop/db'] })
  expect(first?.['run']).toMatch(/^[0-9a-f-]{36}$/)
  expect(others.map(({ run }) => run)).toEqual(others.map(() => first?.['run']))
  expect(others.find(({ msg }) => msg === 'mine')).toMatchObject({ service: 'shop/db' })
  for (const line of others)
    for (const field of ['pid', 'host', 'hostname', 'version', 'node', 'tree']) expect(line).not.toHaveProperty(field)
})

test('the last line holds the report and the last value of every counter', async () => {
  const late: Observer = { name: 'late', attach: () => ({ counters: () => ({ late_total: 7 }) }) }
  const lines = await livedWith([metrics({ registry: new Registry() }), late])
  expect(lines.filter(({ report }) => report !== undefined)).toHaveLength(1)
  const last = lines.at(-1)
  expect(last?.msg).toMatch(/^complete: stopped cleanly/)
  expect(last).toMatchObject({ code: 0, report: { reason: 'abort signal', complete: true, totals: { acked: 1 } } })
  expect(last?.['counters']).toMatchObject({ late_total: 7 })
  expect(JSON.stringify(last?.['counters'])).toContain('worker_stopped_total')
})
