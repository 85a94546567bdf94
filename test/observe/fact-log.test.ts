// How many lines a log has: one a step, totals for what fails by the request.
import { expect, test } from 'vitest'
import { run } from '../../src/daemon/run.js'
import { FactLog } from '../../src/observe/log/fact-log.js'
import type { Ending, Fact } from '../../src/protocol/fact.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import type { System } from '../../src/tree/system.js'
import { keptLog } from './kept-log.js'

const ending: Ending = {
  exit: { reason: 'shutdown' },
  verdict: 'acked',
  hadStarted: true,
  asked: true,
  waitedFor: undefined,
  tookMs: 1,
  settleMs: 1,
  closeMs: 0,
  inFlight: 0,
  forced: false,
  forceCancelled: 0,
  errors: [],
}
const stopping: Fact = { type: 'shutdown-started', at: 0, address: 'app', reason: 'SIGTERM', inFlight: 0, budgetMs: 1 }

test('while it stops, what fails by the request is one line and a total for each service', () => {
  const { log, messages } = keptLog()
  const facts = new FactLog(log, undefined)
  const fail = (address: string): void => facts.hear({ type: 'request-failed', at: 0, address, incarnation: 1, error: new Error('gone') })
  for (let count = 0; count < 3; count += 1) fail('app/api')
  expect(messages()).toEqual(['a request failed', 'a request failed', 'a request failed'])
  facts.hear(stopping)
  for (let count = 0; count < 1_000; count += 1) fail('app/api')
  fail('app/admin')
  for (const address of ['app/api', 'app/admin']) facts.hear({ type: 'stopped', at: 0, address, incarnation: 1, ending })
  expect(messages().slice(3)).toEqual([
    'a request failed',
    'a request failed',
    '1000 requests failed while it drained, the first as told above',
    'stopped',
    'stopped',
  ])
})

test.each([0, 5])(
  'a stop of a thousand services with %i requests each in flight has two lines a service, a third for those that were cut off, and a few about the whole',
  async (each) => {
    const { log, lines } = keptLog()
    const stop = new AbortController()
    const clients = Array.from({ length: 1_000 }, (_, index) =>
      service(`s${index}`, {
        shutdown: '50ms',
        start: () => 'x',
        requests: {
          wait: (_handle, _argument: string, { signal }) =>
            new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut')))),
        },
      }),
    )
    const ask = (system: System): void => {
      for (const client of clients)
        for (let count = 0; count < each; count += 1)
          system
            .ref(client)
            .ask('wait', 'payload')
            .catch(() => {})
      setImmediate(() => {
        lines.length = 0
        stop.abort()
      })
    }
    const report = await run(supervisor('app', { order: 'graph', children: clients }), {
      log,
      signal: stop.signal,
      probes: false,
      admin: false,
      marker: false,
      grace: '20s',
      onReady: ask,
    })
    expect(report.inFlight).toBe(1_000 * each)
    expect(lines.length).toBeLessThanOrEqual((each > 0 ? 3 : 2) * 1_000 + 30)
    expect(JSON.stringify(lines)).not.toContain('payload')
  },
)
