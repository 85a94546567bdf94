// docs/observability.md is held to what is registered: every metric is named there with its type, labels, unit and meaning, and no other.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { createSystem, type Service, type System, supervisor } from 'quiesce'
import { metrics } from 'quiesce/metrics'
import { expect, test } from 'vitest'
import { DRAIN, PHASE, SAMPLED, STARTUP } from '../../../src/observe/metrics/catalog.js'
import { VirtualEnv } from '../../../src/testing/virtual-env.js'
import { ROOT } from '../../house/sources.js'
import { leaf } from '../../tree/harness.js'
import { observedOf, Scraped } from './rig.js'

const text = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8')
const section = /^## Metrics\n([\s\S]*?)^## /m.exec(text)?.[1] ?? ''
const table = /<!-- metrics -->\n([\s\S]*?)<!-- end of metrics -->/.exec(section)?.[1] ?? ''
const rows = table
  .trim()
  .split('\n')
  .slice(2)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

/** What a registry holds when nothing has happened yet. */
function registered(): { readonly name: string; readonly type: string; readonly labels: readonly string[] }[] {
  const registry = new Registry()
  const env = new VirtualEnv()
  const system = createSystem(supervisor('shop', { children: [] }) as Service, { env }) as System
  metrics({ registry }).attach(observedOf(system, env))
  return registry.getMetricsAsArray().map((metric) => {
    const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: readonly string[] }
    return { name, type, labels: labelNames }
  })
}

test('every metric of the registry is documented with its type and labels, and no other is', () => {
  const documented = rows.map(([name = '', type = '', labels = '']) => ({
    name: name.replaceAll('`', ''),
    type,
    labels: labels === '' ? [] : labels.split(', ').map((label) => label.replaceAll('`', '')),
  }))
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  expect(documented.sort(byName)).toEqual(registered().sort(byName))
})

test('each has the unit of the catalog, and a meaning', () => {
  const units = new Map([STARTUP, DRAIN, PHASE, ...SAMPLED].map(({ name, unit }) => [name, unit]))
  for (const [name = '', , , unit, meaning = ''] of rows) {
    expect(unit, name).toBe(units.get(name.replaceAll('`', '')))
    expect(meaning, name).toMatch(/^\S.{2,}\.$/)
  }
})

test('each value of a label that is no address is named', () => {
  for (const [name, value] of [
    ['worker_refusals_total', 'at_capacity'],
    ['worker_refusals_total', 'draining'],
    ['worker_refusals_total', 'not_ready'],
    ...['promoted', 'promotion_failed', 'stepped_down', 'lease_lost', 'fence_failed'].map((each) => ['leader_transitions_total', each]),
    ...['lame-duck', 'edges', 'tree', 'scrape', 'spans', 'logs'].map((each) => ['shutdown_phase_started_total', each]),
  ]) {
    const meaning = rows.find(([cell]) => cell === `\`${name}\``)?.at(-1)
    expect(meaning, name).toContain(`\`${value}\``)
  }
})

test('a service has as many samples as is said there', async () => {
  const stage = await new Scraped(supervisor('shop', { children: [leaf('db')] })).start()
  const { samples } = await stage.scrape()
  const own = samples.filter(({ labels }) => labels['service'] === 'shop/db')
  const ofItsStart = own.filter(({ name }) => name.startsWith('worker_startup_seconds'))
  expect(section).toContain(`a service has ${own.length} samples, ${ofItsStart.length} of them how long its start took`)
})

test('no name of a metric is written anywhere in the section that is not registered', () => {
  const names = new Set(registered().map(({ name }) => name))
  const written = [...section.matchAll(/\b(?:worker|drain|force|supervisor|leader|daemon|shutdown)_[a-z_]+\b/g)].map(([name]) => name)
  expect(written.length).toBeGreaterThan(30)
  expect(written.filter((name) => !names.has(name))).toEqual([])
})
