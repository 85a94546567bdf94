// Things that happen at the same time, and worlds that break around a daemon.
import { expect, test } from 'vitest'
import { expectInOrder, reportOf, start, story } from '../support/daemon-process.js'

const COPIES_MS = 500

test('a supervisor gives up while a hook hangs: a first signal changes nothing, a second one hurries', async () => {
  const daemon = start('exits', { env: { HOW: 'gives up while one drains', OPTIONS: '{"grace":"60s"}' } })
  await daemon.line('drain started')
  daemon.signal('SIGTERM')
  // The first turn of its loop that is certainly later than the signal.
  const asked = Date.now()
  const heard = await daemon.line(({ msg, time }) => msg === 'tick' && time > asked)
  await daemon.line(({ msg, time }) => msg === 'tick' && time - heard.time > COPIES_MS + 100)
  expect(daemon.stderr).toBe('')
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect(code).toBe(3)
  expect(stderr).toBe('quiesce: SIGTERM again: no more waiting for accepted work; once more exits at once\n')
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
  expectInOrder(lines, ['drain started', 'app/slow: forced: hurried', 'db closed'])
  expect(reportOf(lines).reason).toBe('a supervisor gave up')
})

test('a signal and a failing start in the same turn: the start was called off (3, for what it threw) or has failed (4)', async () => {
  for (const how of ['signal first', 'failure first']) {
    const daemon = start('exits', { env: { HOW: how } })
    const { code, lines, signal } = await daemon.exited
    expect({ code, signal }).toEqual({ code: how === 'signal first' ? 3 : 4, signal: null })
    expectInOrder(lines, ['app/db: ready', 'drain started', 'db closed'])
    expect(lines.filter(({ level }) => level === 60)).toHaveLength(how === 'signal first' ? 0 : 1)
  }
})

test('a service that stops the daemon by its own signal, and ends by itself in the same turn', async () => {
  const { code, lines } = await start('exits', { env: { HOW: 'ends as it is asked' } }).exited
  expect(code).toBe(0)
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
  expect(reportOf(lines).clean).toBe(true)
})

test('a loop that nobody awaits and that obeys the drain is no error', async () => {
  const daemon = start('exits', { env: { HOW: 'forgotten loop' } })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ level }) => level > 30)).toEqual([])
})

test('stopped and continued in the middle of its drain, it goes on as if nothing had been', async () => {
  const daemon = start('shop', { env: { SHUTDOWN: '20s' } })
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGSTOP')
  daemon.signal('SIGTERM')
  daemon.tell('finish')
  daemon.signal('SIGCONT')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(reportOf(lines).clean).toBe(true)
})

test('it lives and stops in order when nobody reads its output any more', async () => {
  // One that writes nothing itself: who writes to a closed pipe without listening for its error has an uncaught one.
  const daemon = start('exits', { env: { HOW: 'forgotten loop', OPTIONS: '{"probes":{"port":0}}' } })
  const url = await daemon.probes()
  await daemon.line('app is ready')
  daemon.child.stdout?.destroy()
  daemon.child.stderr?.destroy()
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  daemon.signal('SIGTERM')
  const { code, signal } = await daemon.exited
  expect({ code, signal }).toEqual({ code: 0, signal: null })
})

test('a full disk under its log harms nothing but the log', async () => {
  const daemon = start('exits', { env: { HOW: 'writes as it ends' }, shell: '"$@" > /dev/full' })
  const { code, stderr } = await daemon.exited
  expect(code).toBe(0)
  expect(stderr).toMatch(/^quiesce: the log cannot be written \(.*no space left on device/i)
  expect(stderr.split('\n')).toHaveLength(2)
})

test('a fatal line on a full disk does not block the process', async () => {
  const daemon = start('exits', { env: { HOW: 'unowned on a full disk' }, shell: '"$@" > /dev/full' })
  const { code } = await daemon.exited
  expect(code).toBe(1)
})

test('an async onReady that rejects is a line, the daemon goes on', async () => {
  const daemon = start('exits', { env: { HOW: 'onReady rejects' } })
  expect(await daemon.line('`onReady` threw; the daemon goes on')).toMatchObject({ err: { message: 'not so ready' } })
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(story(lines)).toContain('db closed')
})
