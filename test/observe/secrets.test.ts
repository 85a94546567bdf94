// A secret is planted wherever a user's payload passes, and searched for in everything that leaves the process by itself: the log at its
// lowest level, the report and its file, the recording, the metrics, the spans. The message of an error is the user's own words.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { assign, fromTransition, setup } from 'xstate'
import { httpServer } from '../../src/adapters/http-server.js'
import { run } from '../../src/daemon/run.js'
import { recorder } from '../../src/inspect/recorder.js'
import { leader } from '../../src/leader/leader.js'
import { memoryLease } from '../../src/leases/memory.js'
import { metrics } from '../../src/observe/metrics/metrics.js'
import { tracing } from '../../src/observe/tracing/tracing.js'
import { actor } from '../../src/tree/actor.js'
import { dynamicSupervisor } from '../../src/tree/dynamic-supervisor.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import type { System } from '../../src/tree/system.js'
import { keptLog } from './kept-log.js'
import { keepingProvider } from './traces.js'

const SECRET = 'hunter2-planted'

/** As clients throw them: with the whole request on it, and causes of the same kind. */
function loaded(message: string): Error {
  const cause = Object.assign(new Error('inner'), { response: { body: SECRET }, code: { token: SECRET } })
  return Object.assign(new Error(message, { cause }), {
    config: { headers: { authorization: SECRET } },
    code: 'E_LOADED',
    toJSON: () => ({ secret: SECRET }),
    [Symbol.for('nodejs.util.inspect.custom')]: () => SECRET,
  })
}

const bare = { token: SECRET, toString: () => SECRET, toJSON: () => SECRET }

const vault = service('vault', {
  start: (ctx) => {
    ctx.defer(() => {
      throw loaded('release')
    })
    return { password: SECRET, toString: () => SECRET }
  },
  capacity: 1,
  queue: 1,
  requests: {
    check: (_handle, argument: { readonly token: string }) => Promise.reject(Object.assign(loaded('denied'), { argument })),
    wait: (_handle, _argument: string, { signal }) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(loaded('cut off')))),
  },
  health: { check: () => Promise.reject(loaded('sick')), every: '5ms', failures: 1_000 },
  shutdown: '100ms',
  stop: () => {
    throw loaded('cannot close')
  },
})
const session = setup({
  types: { context: {} as { password: string }, events: {} as { type: 'login'; password: string } | { type: 'boom'; payload: string } },
}).createMachine({
  context: { password: SECRET },
  initial: 'out',
  states: { out: { on: { login: { target: 'in', actions: assign({ password: ({ event }) => event.password }) } } }, in: {} },
  output: () => SECRET,
})
const user = actor('user', { logic: session })
const counter = actor('counter', {
  logic: fromTransition((_state, event: { type: string; payload: string }) => event.payload, SECRET),
  input: SECRET,
})
const crashing = service('crashing', {
  restart: 'transient',
  run: async (ctx) => {
    if (ctx.incarnation === 1) throw loaded('crashed')
    if (ctx.incarnation === 2) throw bare
    await ctx.sleep('1h')
  },
})
const jobs = dynamicSupervisor('jobs', {
  child: (data: { readonly card: string }) =>
    service('job', { restart: 'temporary', run: () => Promise.reject(Object.assign(loaded('job'), { data })) }),
})
const lead = leader('lead', {
  lease: memoryLease('l'),
  checkpoint: () => SECRET,
  recover: () => {
    throw loaded('not recovered')
  },
  child: () => service('x', { start: () => undefined }),
})
const api = httpServer('api', {
  port: 0,
  uses: { vault },
  app: (ctx) => async (request, response) => {
    const { headers, url } = request
    const parts: unknown[] = []
    for await (const part of request) parts.push(part)
    if (url?.startsWith('/wait')) await ctx.uses.vault
    throw Object.assign(loaded('handler'), { headers, url, parts, response })
  },
})

test('a planted secret is nowhere', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [recording, reportFile] = [join(folder, 'recording'), join(folder, 'reports')]
  const { log, lines, messages } = keptLog('trace')
  const { provider, exporter } = keepingProvider()
  const registry = new Registry()
  let scraped = ''
  const stop = new AbortController()

  const live = async (system: System): Promise<void> => {
    const unlisten = system.on(() => {
      unlisten()
      throw loaded('listener')
    })
    const base = system.ref(api).handle.url
    await fetch(`${base}/login?token=${SECRET}`, { method: 'POST', headers: { authorization: SECRET, cookie: SECRET }, body: SECRET })
    system.ref(user).handle.send({ type: 'login', password: SECRET })
    system.ref(counter).handle.send({ type: 'count', payload: SECRET })
    await expect(system.ref(vault).ask('check', { token: SECRET })).rejects.toThrow('denied')
    void system
      .ref(jobs)
      .handle.start({ card: SECRET })
      .catch(() => {})
    for (let count = 0; count < 3; count += 1)
      void system
        .ref(vault)
        .ask('wait', SECRET)
        .catch(() => {})
    for (const word of [
      'a listener for facts threw',
      'crashed',
      'health check missed',
      'a request failed',
      'not promoted: recovering failed',
    ])
      await expect.poll(messages, { timeout: 10_000 }).toContain(word)
    scraped = await registry.metrics()
    stop.abort(loaded('aborted'))
  }
  const report = await run(
    supervisor('app', { intensity: { max: 100, within: '1s' }, children: [vault, user, counter, crashing, jobs, lead, api] }),
    {
      log,
      signal: stop.signal,
      probes: false,
      admin: false,
      marker: false,
      report: reportFile,
      observers: [metrics({ registry }), tracing({ tracerProvider: provider }), recorder(recording)],
      onReady: live,
    },
  )

  const spans = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, status, links }) => ({ name, attributes, events, status, links }))
  const places = {
    log: JSON.stringify(lines),
    report: JSON.stringify(report),
    reportFile: readFileSync(reportFile, 'utf8'),
    recording: readFileSync(recording, 'utf8'),
    metrics: scraped,
    spans: JSON.stringify(spans),
  }
  // Each of them has told of it: the words of the errors are there.
  for (const place of ['log', 'recording', 'spans'] as const) expect(places[place], place).toContain('crashed')
  for (const place of ['report', 'reportFile'] as const) expect(places[place], place).toContain('cannot close')
  for (const [place, text] of Object.entries(places)) expect(text.split(SECRET)[1]?.slice(0, 200), place).toBeUndefined()
})
