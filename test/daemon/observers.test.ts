// The observers of one daemon as one: whatever one of them does, the daemon and the others go on.
import { Registry } from 'prom-client'
import { describe, expect, test, vi } from 'vitest'
import { SpecError } from '../../src/base/errors.js'
import { Observers } from '../../src/daemon/observers.js'
import { PROBE_ROUTES } from '../../src/daemon/probes.js'
import { run } from '../../src/daemon/run.js'
import { metrics } from '../../src/observe/metrics/metrics.js'
import type { Attachment, Observed, Observer } from '../../src/observe/observer.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { keptLog } from '../observe/kept-log.js'

function observersOf(...attachments: readonly Attachment[]): { readonly observers: Observers; readonly messages: () => string[] } {
  const { log, messages } = keptLog()
  const observers = attachments.map((attachment, index) => ({ name: `o${index}`, attach: () => attachment }))
  return { observers: new Observers(observers, { log } as unknown as Observed), messages }
}

test('hooks run in the contexts of all that have one for them, the first outermost; what a hook throws is the hook’s', () => {
  const steps: string[] = []
  const around = (name: string): Attachment => ({
    inside: (address) =>
      address === 'app/db'
        ? (fn) => {
            steps.push(`${name} in`)
            try {
              return fn()
            } finally {
              steps.push(`${name} out`)
            }
          }
        : undefined,
  })
  const broken: Attachment = {
    inside: () => {
      throw new Error('oops')
    },
  }
  const { observers, messages } = observersOf(around('a'), {}, broken, around('b'))
  const inside = observers.inside?.('app/db')
  expect(inside?.(() => steps.push('hook'))).toBe(3)
  expect(steps).toEqual(['a in', 'b in', 'hook', 'b out', 'a out'])
  expect(() =>
    inside?.(() => {
      throw new Error('mine')
    }),
  ).toThrow('mine')
  expect(messages()).toEqual(['inside of the observer o2 threw; the daemon goes on without it'])
  expect(observers.inside?.('app/other')).toBeUndefined()
})

test('when none has a context, there is nothing to ask', () => {
  expect(observersOf({}, {}).observers.inside).toBeUndefined()
})

test('one that is left behind is told of once, also when it fails afterwards', async () => {
  let fail: (error: Error) => void = () => {}
  const slow: Attachment = {
    flush: () =>
      new Promise((_, reject) => {
        fail = reject
      }),
  }
  const { observers, messages } = observersOf(slow)
  expect(await observers.flush(1)).toBe(false)
  fail(new Error('too late'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(messages()).toEqual(['flush of o0 was not over within 1 ms'])
})

test('a scraper is waited for until it has come, or somebody hurries: then it has not', async () => {
  const { observers, messages } = observersOf({ scraped: () => new Promise(() => {}) }, {})
  const hurry = new AbortController()
  const over = observers.scraped(2 ** 31 - 1, hurry.signal)
  hurry.abort()
  expect(await over).toBe(false)
  const there = observersOf({ scraped: () => Promise.resolve() })
  expect(await there.observers.scraped(2 ** 31 - 1, new AbortController().signal)).toBe(true)
  expect([...messages(), ...there.messages()]).toEqual([])
})

test('one that fails in time is told of with its error', async () => {
  const { observers, messages } = observersOf({ flush: () => Promise.reject(new Error('gone')) }, { flush: () => undefined })
  expect(await observers.flush(60_000)).toBe(false)
  expect(messages()).toEqual(['flush of o0 failed'])
})

describe('routes', () => {
  const answers = (kind: 'probes' | 'admin', ...routes: readonly string[]): Attachment & { closed: number } => ({
    [kind]: new Map(routes.map((route) => [route, () => new Response()])),
    closed: 0,
    close() {
      this.closed += 1
    },
  })

  test('that two of them claim, or the daemon answers itself, are told all at once, and all are closed again', () => {
    const all = [
      answers('probes', 'GET /metrics', 'GET /own'),
      answers('probes', 'GET /metrics', ...PROBE_ROUTES),
      answers('admin', 'GET /page', 'GET /page/events'),
      answers('admin', 'GET /page', 'GET /page/events', 'GET /metrics'),
    ]
    expect(problemsOf(() => observersOf(...all))).toEqual([
      'observers: o0 and o1 both answer `GET /metrics`. Leave one of them out, or let it answer elsewhere',
      'observers: the daemon itself and o1 both answer `GET /livez`, `GET /healthz`, `GET /readyz`, `GET /ready`, `GET /startupz`, `GET /prestop`, `POST /prestop`. Leave one of them out, or let it answer elsewhere',
      'observers: o2 and o3 both answer `GET /page`, `GET /page/events`. Leave one of them out, or let it answer elsewhere',
    ])
    expect(all.map(({ closed }) => closed)).toEqual([1, 1, 1, 1])
  })

  test('of two metrics(…) keep a daemon from starting, in one registry or in two, and leave nothing in either', async () => {
    const one = new Registry()
    const two = new Registry()
    const start = vi.fn(() => 'db')
    const running = async (...observers: readonly Observer[]): Promise<unknown> =>
      await run(supervisor('shop', { children: [service('db', { start })] }), {
        observers,
        exit: false,
        log: false,
        probes: false,
        admin: false,
        marker: false,
      })
    await expect(running(metrics({ registry: one }), metrics({ registry: two, prefix: 'b_' }))).rejects.toMatchObject({
      code: 'ERR_SPEC',
      problems: ['observers: metrics and metrics both answer `GET /metrics`. Leave one of them out, or let it answer elsewhere'],
    })
    await expect(running(metrics({ registry: one }), metrics({ registry: one }))).rejects.toMatchObject({
      code: 'ERR_SPEC',
      problems: [expect.stringMatching(/^metrics: the registry holds .* one daemon needs but one metrics\(…\)$/)],
    })
    expect(start).not.toHaveBeenCalled()
    expect([...one.getMetricsAsArray(), ...two.getMetricsAsArray()]).toEqual([])
  })

  function problemsOf(fn: () => unknown): readonly string[] {
    try {
      fn()
    } catch (error) {
      if (error instanceof SpecError) return error.problems
      throw error
    }
    return []
  }
})

test('who throws when asked for fields is told of once a line, and the line is written', async () => {
  const { log, messages } = keptLog()
  const broken: Observer = {
    name: 'broken',
    attach: () => ({
      fields: () => {
        throw new Error('oops')
      },
    }),
  }
  const stop = new AbortController()
  const options = { signal: stop.signal, log, probes: false, admin: false, marker: false, onReady: () => stop.abort() } as const
  await run(supervisor('app', { children: [] }), { ...options, observers: [broken] })
  expect(messages().filter((message) => message === 'readiness 503')).toHaveLength(1)
  expect(messages()).toContain('fields of the observer broken threw; the daemon goes on without it')
})
