// Prometheus's own judgement: what its tool says about rules, about an exposition, and which alerts fire over what was scraped.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exposition } from './exposition.js'

const isMissing = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).error !== undefined
/** Whether tests that need it are to be skipped; with CI=true they run, and fail. */
export const skipsPromtool = isMissing && process.env['CI'] !== 'true'
if (skipsPromtool) process.stdout.write('No promtool here, so the alerts are not evaluated by Prometheus: apt-get install prometheus\n')

/** Runs it; returns what it complained about, nothing when all is well. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 60_000 })
  if (error !== undefined) throw error
  return status === 0 && stderr === '' ? '' : `exit ${status}\n${stdout}${stderr}`
}

/** How often a target is scraped in these tests. */
export const SCRAPE_MS = 15_000

/** What was scraped of one target, one item each 15 s; undefined where nobody answered. */
export interface Recorded {
  readonly instance: string
  readonly scrapes: readonly (Exposition | undefined)[]
}

/** Alerts that are expected to fire at a moment, `QuiesceNotReady{instance="a:9000"}`: all of them, with the labels that are not the same for all. */
export interface Expected {
  readonly atMs: number
  readonly firing: readonly string[]
}

/** Lets Prometheus evaluate rules over what was recorded; returns what is not as expected. */
export function evaluate(rules: string, targets: readonly Recorded[], expected: readonly Expected[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-alerts-'))
  try {
    const file = join(folder, 'test.yaml')
    const inputSeries = targets.flatMap(seriesOf)
    const tests = expected.map(({ atMs, firing }) => ({
      expr: 'max without (alertstate, severity, job) (ALERTS{alertstate="firing"})',
      eval_time: `${atMs}ms`,
      exp_samples: firing.map((alert) => ({ labels: labelled(alert), value: 1 })),
    }))
    const test = { interval: `${SCRAPE_MS}ms`, input_series: inputSeries, promql_expr_test: tests }
    // Whatever is JSON is YAML.
    writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: `${SCRAPE_MS}ms`, tests: [test] }))
    return promtool(['test', 'rules', file])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// `Name{a="b"}` as `{alertname="Name",a="b"}`.
function labelled(alert: string): string {
  const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(alert) ?? []
  return `{alertname="${name}"${labels === '' ? '' : `,${labels}`}}`
}

// Where a series ends, Prometheus marks it as stale.
function seriesOf({ instance, scrapes }: Recorded): { series: string; values: string }[] {
  const byName = new Map<string, (number | undefined)[]>()
  scrapes.forEach((exposition, index) => {
    for (const { name, labels, value } of exposition?.samples ?? []) {
      const pairs = Object.entries({ ...labels, job: 'shop', instance }).map(([label, of]) => `${label}="${of}"`)
      const key = `${name}{${pairs.join(',')}}`
      const values = byName.get(key) ?? []
      values[index] = value
      byName.set(key, values)
    }
  })
  return [...byName].map(([series, values]) => ({
    series,
    values: Array.from({ length: scrapes.length }, (_, index) => {
      const value = values[index]
      if (value !== undefined) return value === Number.POSITIVE_INFINITY ? 'Inf' : String(value)
      return index > 0 && values[index - 1] !== undefined ? 'stale' : '_'
    }).join(' '),
  }))
}
