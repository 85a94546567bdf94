// Signals, as operators, shells, init systems and impatient people send them.
import { expect, test } from 'vitest'
import { commandOf, type DaemonProcess, expectInOrder, type Line, reportOf, start, story } from '../support/daemon-process.js'

const COPIES_MS = 500

// Until a line of the log shows that a further signal is a deliberate one.
function deliberate(daemon: DaemonProcess, after: Line): Promise<Line> {
  return daemon.line(({ msg, time }) => msg === 'tick' && time - after.time > COPIES_MS + 20)
}

// The fixture says something every now and then, to the last turn of the loop.
function farewell(lines: readonly Line[]): Line | undefined {
  return lines.findLast(({ msg }) => msg !== 'tick')
}

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s stops in order: edges first, then what they use, exit 0, report in the last line',
  async (name) => {
    const daemon = start('shop')
    await daemon.line('shop is ready')
    daemon.signal(name)
    const { code, signal, lines, stderr } = await daemon.exited
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expectInOrder(lines, [
      'drain started',
      'readiness 503',
      'stopping the tree',
      'shop: draining',
      'shop/api: draining',
      'shop/api: stopped',
      'shop/db: draining',
      'db closed',
      'shop/db: stopped',
      'shop: stopped',
    ])
    const last = farewell(lines)
    expect(last?.msg).toMatch(/^complete: stopped cleanly/)
    expect(last).toMatchObject({ code: 0, report: { reason: name, clean: true, totals: { acked: 2, failed: 0, killed: 0, abandoned: 0 } } })
  },
)

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s: accepted work is finished before anything closes', async (name) => {
  const daemon = start('shop')
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal(name)
  expect(await daemon.line('drain started')).toMatchObject({ reason: name, inFlight: 1 })
  daemon.tell('work')
  await daemon.line('refused')
  expect(story(daemon.lines)).not.toContain('db closed')
  daemon.tell('finish')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, ['refused', 'shop/api: stopped', 'db closed'])
})

test('two signals at once are one: npm, terminals and init systems deliver copies', async () => {
  const daemon = start('shop')
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  daemon.signal('SIGINT')
  await daemon.line('drain started')
  daemon.tell('finish')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
})

test('a hundred signals at once are one sequence', async () => {
  const daemon = start('shop')
  await daemon.line('shop is ready')
  for (let count = 0; count < 100; count += 1) daemon.signal(count % 2 === 0 ? 'SIGTERM' : 'SIGINT')
  const { code, signal, lines } = await daemon.exited
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  for (const once of ['drain started', 'shop/api: stopped', 'db closed', 'shop: stopped'])
    expect(story(lines).filter((line) => line === once)).toEqual([once])
})

test('a deliberate second signal cuts off a hung drain; the database still closes; exit 3', async () => {
  const daemon = start('shop', { env: { SHUTDOWN: '20s' } })
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  await deliberate(daemon, await daemon.line('drain started'))
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect(code).toBe(3)
  expect(stderr).toBe('quiesce: SIGTERM again: no more waiting for accepted work; once more exits at once\n')
  expectInOrder(lines, ['shop/api: forced: hurried', 'shop/api: stopped', 'db closed', 'shop/db: stopped'])
  expect(farewell(lines)).toMatchObject({ code: 3, report: { clean: false, inFlight: 1, forceCancelled: 1 } })
})

test('a third signal exits at once with 128 + its number', async () => {
  const daemon = start('shop', { env: { SHUTDOWN: '20s' } })
  await daemon.line('shop is ready')
  daemon.tell('hang')
  await daemon.line('will hang')
  daemon.signal('SIGTERM')
  const first = await daemon.line('drain started')
  const second = await deliberate(daemon, first)
  daemon.signal('SIGINT')
  await daemon.said('SIGINT again')
  await deliberate(daemon, second)
  daemon.signal('SIGTERM')
  const { code, signal, stderr, lines } = await daemon.exited
  expect({ code, signal }).toEqual({ code: 128 + 15, signal: null })
  expect(stderr).toContain('quiesce: SIGTERM for the third time: exit\n')
  expect(story(lines)).not.toContain('db closed')
})

test('a stop during the start calls it off and stops what had started, in reverse; exit 0', async () => {
  const daemon = start('slow-start')
  await daemon.line('slow starts')
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expectInOrder(lines, ['drain started', 'app/slow: draining', 'app/slow: stopped', 'two closed', 'one closed'])
  expect(story(lines)).not.toContain('app/three: starting')
  expect(farewell(lines)).toMatchObject({ code: 0, report: { clean: true } })
})

test('a second signal ends a start that does not listen to its being called off; exit 3', async () => {
  const daemon = start('slow-start', { env: { DEAF: '1', OPTIONS: '{"grace":"20s"}' } })
  await daemon.line('slow starts')
  daemon.signal('SIGTERM')
  await deliberate(daemon, await daemon.line('drain started'))
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(3)
  expectInOrder(lines, ['app/slow: given up: a hook has not ended', 'two closed', 'one closed'])
  expect(reportOf(lines).tookMs).toBeLessThan(5_000)
})

test('a signal before anything has started is not lost', async () => {
  const daemon = start('shop')
  await daemon.line('shop starts')
  daemon.signal('SIGTERM')
  const { code, signal } = await daemon.exited
  expect({ code, signal }).toEqual({ code: 0, signal: null })
})

test('a terminal that signals the whole group, and its shell once more: one request', async () => {
  // The shell must outlive the first signal to pass it on a second time, as npm does.
  const daemon = start('shop', { group: true, shell: 'trap \'kill -INT $pid\' INT; "$@" & pid=$!; wait $pid; wait $pid; exit $?' })
  const { pid } = await daemon.line('shop starts')
  await daemon.line('shop is ready')
  process.kill(-(daemon.child.pid as number), 'SIGINT')
  process.kill(pid as number, 'SIGINT')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
})

test('Ctrl+C under `node --watch`, which passes it on once more: one request, and the watcher waits for the end of it', async () => {
  const daemon = start('shop', { group: true, node: ['--watch'] })
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  process.kill(-(daemon.child.pid as number), 'SIGINT')
  await daemon.line('stopping the tree')
  daemon.tell('finish')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
  expect(reportOf(lines)).toMatchObject({ reason: 'SIGINT', clean: true, inFlight: 1 })
})

test('under `npm run`, a signal to the group stops in order, and production is told to do without npm', async () => {
  const shell = 'cd "$MARKER" && printf \'{"scripts":{"serve":"%s"}}\' "$COMMAND" > package.json && exec npm run --silent serve'
  const command = `exec ${process.execPath} ${commandOf('shop')
    .map((part) => (part === 'tsx' ? new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href : part))
    .join(' ')}`
  const daemon = start('shop', { group: true, shell, env: { COMMAND: command, NODE_ENV: 'production' } })
  await daemon.line('shop is ready')
  expect(await daemon.line(({ msg }) => msg.startsWith('started by a package manager'))).toMatchObject({ level: 40, script: 'serve' })
  process.kill(-(daemon.child.pid as number), 'SIGTERM')
  const { lines } = await daemon.exited
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
  expect(farewell(lines)).toMatchObject({ code: 0, report: { clean: true } })
})

test("signals mean what `signals` says: 'ignore', 'stop', a function", async () => {
  const daemon = start('signal-actions', { env: { DRAINS: 'short' } })
  await daemon.line('root is ready')
  daemon.signal('SIGHUP')
  daemon.signal('SIGUSR2')
  expect(await daemon.line('reload')).toMatchObject({ name: 'SIGUSR2' })
  expect(story(daemon.lines)).not.toContain('drain started')
  daemon.signal('SIGTERM')
  await deliberate(daemon, await daemon.line('drain started'))
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  // The drain has had all the time of its `shutdown`: nobody hurried it.
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  expect(reportOf(lines).tookMs).toBeGreaterThanOrEqual(800)
})

test('with DYNO set, where SIGTERM is repeated, SIGTERM never hurries', async () => {
  const daemon = start('shop', { env: { DYNO: 'web.1' } })
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  const later = await deliberate(daemon, await daemon.line('drain started'))
  daemon.signal('SIGTERM')
  await daemon.line(({ msg, time }) => msg === 'tick' && time > later.time)
  daemon.tell('finish')
  const { code, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test('SIGQUIT prints the tree and the daemon goes on', async () => {
  const daemon = start('shop')
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGQUIT')
  await daemon.said('api')
  expect(daemon.stderr).toBe('quiesce: the tree now:\nshop  ready  1 in flight\n├─ db  ready\n└─ api  ready  1 in flight\n')
  daemon.tell('finish')
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})

test('two daemons of one process, or of two copies of the package, share one listener for each event of it and leave none', async () => {
  const both = ['twins', 'copies'].map(async (how) => {
    const daemon = start('embedded', { env: { HOW: how, BY: 'abort' } })
    const { code, stderr } = await daemon.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { counts, before } = (await daemon.line('while')) as unknown as Record<string, Record<string, number>>
    const added = Object.fromEntries(Object.entries(counts ?? {}).map(([name, count]) => [name, count - (before?.[name] ?? 0)]))
    expect(added).toMatchObject({ SIGTERM: 1, SIGINT: 1, SIGHUP: 1, SIGQUIT: 1, uncaughtException: 1, unhandledRejection: 1, exit: 1 })
    const after = await daemon.line('after')
    expect(after['counts']).toEqual(after['before'])
    expect(after['clean']).toEqual([true, true])
  })
  await Promise.all(both)
})

test('a dozen daemons of one process are no reason for Node to warn of a leak of listeners', async () => {
  const daemon = start('dozen', { ipc: true, env: { OPTIONS: '{"stdin":true}' } })
  for (let index = 0; index < 12; index += 1) await daemon.line((line) => line.msg === 'ready' && line['index'] === index)
  daemon.child.send('now')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(story(lines)).not.toContain('warning')
  expect(lines.find(({ msg }) => msg === 'after')).toMatchObject({ clean: 12 })
})

test('a signal stops both daemons of a process, and the process goes on to its own end', async () => {
  const daemon = start('embedded', { env: { HOW: 'twins', BY: 'nothing' } })
  await daemon.line('while')
  daemon.signal('SIGTERM')
  await daemon.line('after')
  expect(daemon.lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(2)
  // Nobody listens any more: the default action of the signal is back.
  daemon.signal('SIGTERM')
  expect((await daemon.exited).signal).toBe('SIGTERM')
})
