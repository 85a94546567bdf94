// docs/alerts.yaml: every rule names metrics and labels that there are, and each fires when it should and is silent when all is well, by
// the word of Prometheus's own engine over what was scraped of real systems.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { leader, type Service, service, supervisor } from 'quiesce'
import { memoryLease } from 'quiesce/lease/memory'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DRAIN, PHASE, SAMPLED, STARTUP } from '../../../src/observe/metrics/catalog.js'
import { ROOT } from '../../house/sources.js'
import { leaf, pending } from '../../tree/harness.js'
import type { Exposition } from './exposition.js'
import { evaluate, promtool, type Recorded, SCRAPE_MS, skipsPromtool } from './promtool.js'
import { Scraped } from './rig.js'

const RULES = join(ROOT, 'docs/alerts.yaml')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { name: string; rules: Rule[] }[] }).groups.flatMap((group) => group.rules)

/** The labels of each name that an exposition may hold. */
const labelsOf = new Map<string, readonly string[]>([
  ...SAMPLED.map(({ name, labels }) => [name, labels] as const),
  ...[STARTUP, DRAIN, PHASE].flatMap(({ name, label }) => [
    [`${name}_bucket`, [label, 'le']] as const,
    [`${name}_sum`, [label]] as const,
    [`${name}_count`, [label]] as const,
  ]),
])
const OF_THE_TARGET = ['job', 'instance']

/** What an expression is made of, by the grammar of Prometheus's own editor. */
function partsOf(expr: string): { readonly metrics: string[]; readonly labels: string[]; readonly errors: number } {
  const metrics: string[] = []
  const labels: string[] = []
  let errors = 0
  parser.parse(expr).iterate({
    enter: (node) => {
      const text = expr.slice(node.from, node.to)
      if (node.type.isError) errors += 1
      if (node.name === 'Identifier') metrics.push(text)
      if (node.name === 'LabelName') labels.push(text)
    },
  })
  return { metrics, labels, errors }
}

describe('the rules', () => {
  test('are there, each once, with what a person needs', () => {
    expect(rules.length).toBeGreaterThan(7)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Quiesce[A-Z]\w+$/)
      expect(['info', 'warning', 'critical'], alert).toContain(labels.severity)
      expect(annotations.summary, alert).toMatch(/\{\{ \$labels\.\w+ \}\}/)
      expect(annotations.description, alert).toMatch(/\.$/)
    }
  })

  test.each(rules.map((rule) => [rule.alert, rule.expr] as const))('%s names metrics and labels that there are', (_alert, expr) => {
    const { metrics, labels, errors } = partsOf(expr)
    expect(errors).toBe(0)
    expect(metrics).not.toEqual([])
    for (const metric of metrics) expect([...labelsOf.keys()]).toContain(metric)
    const known = [...OF_THE_TARGET, ...metrics.flatMap((metric) => labelsOf.get(metric) ?? [])]
    for (const label of labels) expect(known).toContain(label)
  })

  test('with a mistake are found out', () => {
    expect(partsOf('sum by (service (x)').errors).toBeGreaterThan(0)
    expect(partsOf('rate(worker_startd_total{reson="x"}[5m])')).toEqual({ metrics: ['worker_startd_total'], labels: ['reson'], errors: 0 })
  })
})

/** A system that is scraped each 15 s. */
class Watched<Root extends Service> extends Scraped<Root> {
  readonly scrapes: (Exposition | undefined)[] = []

  /** Lets that many scrapes go by; before each but the first something may happen. */
  async for(count: number, happen: () => void = () => {}): Promise<this> {
    for (let each = 0; each < count; each += 1) {
      if (this.scrapes.length > 0) {
        happen()
        await this.env.advance(SCRAPE_MS)
      }
      this.scrapes.push(await this.scrape())
    }
    return this
  }

  /** It is gone, for so many scrapes. */
  gone(count: number): this {
    for (let each = 0; each < count; each += 1) this.scrapes.push(undefined)
    return this
  }

  get nowMs(): number {
    return (this.scrapes.length - 1) * SCRAPE_MS
  }

  get recorded(): Recorded {
    return { instance: 'a:9000', scrapes: this.scrapes }
  }

  /** What Prometheus has against these alerts, and no others, firing at the last scrape. */
  judge(firing: readonly string[]): string {
    return evaluate(RULES, [this.recorded], [{ atMs: this.nowMs, firing }])
  }
}

const minutes = (count: number): number => (count * 60_000) / SCRAPE_MS

describe.skipIf(skipsPromtool)('by Prometheus itself', () => {
  test('the rules are in order, and so is an exposition', async () => {
    expect(promtool(['check', 'rules', RULES])).toBe('')
    const stage = await new Scraped(
      supervisor('shop', { children: [service('db', { start: (ctx) => ctx.gate({ capacity: 3 }) })] }),
    ).start()
    const running = await stage.registry.metrics()
    await stage.settled(stage.system.stop())
    for (const text of [running, await stage.registry.metrics()]) expect(promtool(['check', 'metrics'], text)).toBe('')
    expect(promtool(['check', 'metrics'], running.replace('# TYPE worker_places gauge', '# TYPE worker_places gouge'))).not.toBe('')
  })

  test('nothing fires over a life without trouble, from the first scrape to long after the last', async () => {
    const db = service('db', { start: (ctx) => ctx.gate({ capacity: 2 }), health: { check: () => true } })
    const jobs = leader('jobs', { lease: memoryLease('jobs'), child: () => leaf('work') })
    const stage = new Watched(supervisor('shop', { children: [db, leaf('api', { edge: true }), jobs] }))
    await stage.for(2)
    await stage.start()
    await stage.for(minutes(15), () => stage.system.ref(db).handle.tryEnter()?.release())
    await stage.settled(stage.system.stop())
    await stage.for(1)
    stage.gone(minutes(10))
    const moments = Array.from({ length: stage.scrapes.length }, (_, index) => ({ atMs: index * SCRAPE_MS, firing: [] }))
    expect(evaluate(RULES, [stage.recorded], moments)).toBe('')
  })

  test('work that was cut off over a deploy, if the last scrape was waited for', async () => {
    const api = service('api', { start: (ctx) => ctx.gate(), shutdown: '1s' })
    const stage = await new Watched(supervisor('shop', { children: [api] })).start()
    await stage.for(minutes(5))
    stage.system.ref(api).handle.tryEnter()
    await stage.settled(stage.system.stop())
    const unseen = { ...stage.recorded, scrapes: [...stage.scrapes, undefined, undefined] }
    expect(evaluate(RULES, [unseen], [{ atMs: stage.nowMs + SCRAPE_MS, firing: [] }])).toBe('')
    await stage.for(1)
    const firing = ['QuiesceWorkCutOff{service="shop/api"}', 'QuiesceStopPhaseFailed{phase="tree"}']
    expect(stage.judge(firing)).toBe('')
    expect(stage.gone(minutes(20)).judge(firing)).toBe('')
    expect(stage.gone(minutes(60)).judge([])).toBe('')
  })

  test('a stop that needs more than 80 % of its grace, while it goes on and afterwards', async () => {
    const hanging = pending()
    const api = service('api', { start: () => 'api', drain: () => hanging.promise, shutdown: '1m' })
    const stage = await new Watched(supervisor('shop', { children: [api] })).start()
    await stage.for(2)
    const stopped = stage.system.stop()
    await stage.for(1)
    expect(stage.judge([])).toBe('')
    await stage.for(1)
    expect(stage.judge(['QuiesceStopNearBudget{instance="a:9000"}'])).toBe('')
    hanging.resolve()
    await stage.settled(stopped)
    await stage.for(1)
    expect(stage.gone(minutes(10)).judge(['QuiesceStopNearBudget{instance="a:9000"}'])).toBe('')
  })

  test('an incarnation that was given up and still runs, until it ends', async () => {
    const hanging = pending()
    const db = service('db', { start: () => 'db', stop: () => hanging.promise, shutdown: '1s' })
    const stage = await new Watched(supervisor('shop', { children: [db] })).start()
    await stage.for(2)
    const restarted = stage.system.ref(db).restart()
    await stage.for(minutes(4))
    await restarted
    expect(stage.judge([])).toBe('')
    await stage.for(minutes(2))
    expect(stage.judge(['QuiesceGivenUpStillRunning{instance="a:9000",service="shop/db"}'])).toBe('')
    hanging.resolve()
    await stage.for(1)
    expect(stage.judge([])).toBe('')
  })

  test('a slow start', async () => {
    const db = service('db', { start: () => new Promise((resolve) => stage.env.outside.after(12_000, () => resolve('db'))) })
    const stage = new Watched(supervisor('shop', { children: [db] }))
    await (await stage.start()).for(2)
    // Who waits for it is as slow.
    expect(stage.judge(['QuiesceSlowStart{service="shop"}', 'QuiesceSlowStart{service="shop/db"}'])).toBe('')
  })

  test('a crash loop, and an intensity that is nearly used up', async () => {
    const db = service('db', { start: (ctx) => ctx.fail })
    const stage = await new Watched(supervisor('shop', { children: [db], intensity: { max: 3, within: '5s' } })).start()
    await stage.for(2)
    const crash = (): void => stage.system.ref(db).handle(new Error('gone'))
    await stage.for(4, crash)
    expect(stage.judge([])).toBe('')
    await stage.for(3, crash)
    expect(stage.judge(['QuiesceCrashLoop{service="shop/db"}'])).toBe('')
    await stage.for(minutes(11))
    expect(stage.judge([])).toBe('')
    crash()
    await stage.env.settle()
    crash()
    await stage.for(1)
    expect(stage.judge(['QuiesceIntensityNearlyUsed{instance="a:9000",service="shop"}'])).toBe('')
  })

  test('a supervisor that gives up', async () => {
    const db = service('db', { start: (ctx) => ctx.fail })
    const inner = supervisor('inner', { children: [db], intensity: { max: 0, within: '5s' } })
    const stage = await new Watched(supervisor('shop', { children: [inner] })).start()
    await stage.for(2)
    stage.system.ref(db).handle(new Error('gone'))
    await stage.for(1)
    expect(stage.judge(['QuiesceSupervisorGaveUp{service="shop/inner"}'])).toBe('')
  })

  test('a daemon that does not get ready', async () => {
    const stage = new Watched(supervisor('shop', { children: [service('db', { start: () => pending<string>().promise })] }))
    void stage.system.start().catch(() => {})
    await stage.for(minutes(9))
    expect(stage.judge([])).toBe('')
    await stage.for(minutes(2))
    expect(stage.judge(['QuiesceNotReady{instance="a:9000"}'])).toBe('')
  })

  test('a gate that is full for ten minutes', async () => {
    const db = service('db', { start: (ctx) => ctx.gate({ capacity: 1 }) })
    const stage = await new Watched(supervisor('shop', { children: [db] })).start()
    const { handle } = stage.system.ref(db)
    const permit = handle.tryEnter()
    await stage.for(minutes(9), () => void handle.tryEnter())
    expect(stage.judge([])).toBe('')
    await stage.for(minutes(2), () => void handle.tryEnter())
    expect(stage.judge(['QuiesceAtCapacity{service="shop/db"}'])).toBe('')
    permit?.release()
    await stage.for(minutes(6))
    expect(stage.judge([])).toBe('')
  })

  test('nobody leads; a lease that is lost again and again', async () => {
    const lease = memoryLease('jobs')
    const jobs = leader('jobs', { lease, child: () => leaf('work') })
    const stage = await new Watched(supervisor('shop', { children: [jobs] })).start()
    await stage.for(2)
    expect(stage.judge([])).toBe('')
    const { read, acquire, renew, release } = lease
    const own = { read: read.bind(lease), acquire: acquire.bind(lease), renew: renew.bind(lease), release: release.bind(lease) }
    const mute = (): Promise<never> => new Promise(() => {})
    for (let round = 0; round < 4; round += 1) {
      Object.assign(lease, { read: mute, acquire: mute, renew: mute, release: mute })
      await stage.for(2)
      Object.assign(lease, own)
      await stage.for(2)
    }
    const changes = 'QuiesceLeaderChanges{service="shop/jobs"}'
    expect(stage.judge([changes])).toBe('')
    Object.assign(lease, { read: mute, acquire: mute, renew: mute, release: mute })
    await stage.for(minutes(3))
    expect(stage.judge([changes, 'QuiesceLeaderless{service="shop/jobs"}'])).toBe('')
    // Another instance leads: that is all that counts.
    const healthy: Recorded = { instance: 'b:9000', scrapes: stage.scrapes.map(() => stage.scrapes[1]) }
    expect(evaluate(RULES, [stage.recorded, healthy], [{ atMs: stage.nowMs, firing: [changes] }])).toBe('')
  })

  test('and it says so when an expectation is wrong', async () => {
    const stage = await new Watched(supervisor('shop', { children: [leaf('db')] })).start()
    await stage.for(2)
    expect(stage.judge(['QuiesceNotReady{instance="a:9000"}'])).toMatch(/QuiesceNotReady/)
  })
})
