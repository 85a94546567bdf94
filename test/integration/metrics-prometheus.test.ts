// A Prometheus of the machine scrapes real daemons once a second, in both formats, over a deploy: it has their last counters, and its
// alerts say what was cut off.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ROOT } from '../house/sources.js'
import { type DaemonProcess, start, temporaryFolder } from '../support/daemon-process.js'
import { freePort } from '../support/postgres-server.js'

const isMissing = spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).error !== undefined
const skips = isMissing && process.env['CI'] !== 'true'
if (skips) process.stdout.write('No Prometheus here, so no daemon is scraped by one: apt-get install prometheus\n')

const PATIENCE = { timeout: 20_000, interval: 100 }

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** A Prometheus that scrapes these addresses. */
async function prometheus(targets: readonly string[]): Promise<(query: string) => Promise<readonly Sample[]>> {
  const folder = temporaryFolder()
  const port = await freePort()
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(ROOT, 'docs/alerts.yaml')],
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets }] }],
  }
  const file = join(folder, 'prometheus.yaml')
  // Whatever is JSON is YAML.
  writeFileSync(file, JSON.stringify(config))
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]
  const server = spawn('prometheus', [...flags, '--log.level=error'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(server, 'exit')
  onTestFinished(async () => {
    server.kill()
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(async () => expect((await fetch(`${url}/-/ready`)).status).toBe(200), PATIENCE)
  return async (query) => {
    const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query })}`)
    const { data } = (await response.json()) as { data: { result: readonly Sample[] } }
    return data.result
  }
}

async function startDaemon(format: string): Promise<{ readonly daemon: DaemonProcess; readonly target: string }> {
  const daemon = start('measured', { env: { FORMAT: format, OPTIONS: JSON.stringify({ finalScrape: '10s' }) } })
  const { host } = new URL(await daemon.probes())
  await daemon.line('shop is ready')
  return { daemon, target: host.replace('localhost', '127.0.0.1') }
}

test.skipIf(skips)('over a deploy Prometheus has the last counters of each daemon, in both formats, and its alerts fire', async () => {
  const daemons = [await startDaemon('text'), await startDaemon('openmetrics')]
  const instances = daemons.map(({ target }) => target).sort()
  const query = await prometheus(instances)
  const instancesIn = (samples: readonly Sample[]): (string | undefined)[] => samples.map(({ metric }) => metric['instance']).sort()
  await vi.waitFor(async () => expect(instancesIn(await query('daemon_ready == 1'))).toEqual(instances), PATIENCE)
  for (const { daemon } of daemons) {
    daemon.tell('work')
    await daemon.line('working')
    daemon.signal('SIGTERM')
  }
  // The work was cut off, and the exit code says so.
  for (const { daemon } of daemons) expect((await daemon.exited).code).toBe(3)
  // What it was answered with it stores a moment later.
  const cutOff = 'last_over_time(drain_force_cancelled_total{service="shop/api"}[5m]) == 1'
  await vi.waitFor(async () => expect(instancesIn(await query(cutOff))).toEqual(instances), PATIENCE)
  expect(await query('last_over_time(worker_stopped_total[5m]) == 1')).toHaveLength(2 * 3)
  const firing = async (): Promise<(string | undefined)[]> =>
    (await query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric['alertname']).sort()
  await vi.waitFor(async () => expect(await firing()).toEqual(['QuiesceStopPhaseFailed', 'QuiesceWorkCutOff']), PATIENCE)
})
