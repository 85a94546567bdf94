// The watchdog: a thread of its own ends a process whose event loop does not turn. Real blocks, real signals, real kills.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { startDaemon } from '../../src/testing/start-daemon.js'
import { checkBuild, type DaemonProcess, type Ended, type StartOptions, start, temporaryFolder } from '../support/daemon-process.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROMPT_MS = 1_000

function startWith(watched: object, { env, ...how }: StartOptions = {}): DaemonProcess {
  return start('watchdog', { ...how, env: { OPTIONS: JSON.stringify(watched), ...env } })
}

async function block(daemon: DaemonProcess): Promise<void> {
  await daemon.line('app is ready')
  daemon.child.stdin?.write('block\n')
  await daemon.line('loop is blocked')
}

function expectKilled({ code, signal, stderr }: Ended, line: RegExp): void {
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  expect(stderr).toMatch(line)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
}

const REMEDY =
  /Killed by SIGKILL, nothing was drained\. Cut this work up or move it to a worker thread, or raise `watchdog` if it may take so long\.\n$/

test.each([
  ['a loop that never ends', 'spin', /at Object\.spin \(\/\S+watchdog\.mjs:\d+:\d+\), called by /],
  ['a regular expression that goes astray', 'regex', /at RegExp\.test, called by Object\.regex \(\/\S+watchdog\.mjs:\d+:\d+\), called by /],
  ['a system call that does not return', 'native', /in native code or a call of the system that does not return, so where is not known/],
])('pitfall 37: with `watchdog`, %s is ended, and a line says where it is', async (_what, how, place) => {
  const fifo = join(temporaryFolder(), 'fifo')
  execFileSync('mkfifo', [fifo])
  const daemon = startWith({ watchdog: '1s' }, { env: { HOW: how, FIFO: fifo } })
  await block(daemon)
  const ended = await daemon.exited
  expectKilled(ended, /^quiesce: the event loop has not turned for [12]\.\d\d s, `watchdog` is 1\.00 s; /)
  expect(ended.stderr).toMatch(place)
  expect(ended.stderr).toMatch(REMEDY)
})

// Nothing is on the stack between two steps: it has to be led into one, which a machine without a processor to spare does not do in time.
test('pitfall 37: with `watchdog`, an endless chain of promises is ended', async () => {
  const daemon = startWith({ watchdog: '1s' }, { env: { HOW: 'promises' } })
  await block(daemon)
  expectKilled(await daemon.exited, /; (at .*\bpromises \(\/\S+watchdog\.mjs:\d+:\d+\)|where is not known)/)
})

test('pitfall 37: with `watchdog`, a start hook that blocks at once is ended too', async () => {
  expectKilled(await startWith({ watchdog: '1s' }, { env: { WHEN: 'start' } }).exited, /at Object\.spin \(.*, called by block \(/)
})

test('pitfall 37: with `watchdog`, a stop that is blocked beyond the grace and a second is ended, however long its own limit is', async () => {
  const daemon = startWith({ watchdog: '1h', grace: '1s' }, { env: { WHEN: 'drain' } })
  await daemon.line('app is ready')
  const sinceAt = Date.now()
  daemon.signal('SIGTERM')
  const ended = await daemon.exited
  const tookMs = Date.now() - sinceAt
  expectKilled(ended, /^quiesce: the stop has taken more than its grace of 1\.00 s and a second, and the event loop has not turned for /)
  expect(ended.stderr).toMatch(/; at Object\.spin \(.*Cut this work up or move it to a worker thread\.\n$/)
  expect(tookMs).toBeGreaterThanOrEqual(2_000)
  expect(tookMs).toBeLessThan(2_000 + 2 * PROMPT_MS)
})

test('pitfall 37: with `watchdog`, a process that was stopped and goes on in the middle of its work lives', async () => {
  const daemon = startWith({ watchdog: '4s' }, { env: { HOW: 'twenty ticks' } })
  await block(daemon)
  await daemon.line('five ticks')
  daemon.signal('SIGSTOP')
  await wait(5_000)
  daemon.signal('SIGCONT')
  await daemon.line('loop is free')
  daemon.signal('SIGTERM')
  expect(await daemon.exited).toMatchObject({ code: 0, stderr: '' })
})

test.each([
  ['that a debugger may hold', ['--inspect=127.0.0.1:0'], 'a while', undefined],
  ['that a debugger may hold, and that cannot be asked', ['--inspect=127.0.0.1:0'], 'a while in native code', undefined],
  ['that is opened to a debugger while it is blocked', ['--inspect-port=127.0.0.1:0'], 'a while', 'SIGUSR1'],
] as const)('pitfall 37: with `watchdog`, a process %s is left alone', async (_what, node, how, signal) => {
  const daemon = startWith({ watchdog: '1s' }, { node, env: { HOW: how } })
  await block(daemon)
  if (signal !== undefined) daemon.signal(signal)
  await daemon.line('loop is free')
  daemon.signal('SIGTERM')
  const { code, stderr } = await daemon.exited
  expect(code).toBe(0)
  expect(stderr).toContain('Debugger listening')
  expect(stderr).not.toContain('quiesce:')
})

test.each([
  ['without `watchdog` there is no thread', {}, 0],
  ['with it there is one, which holds no exit and is no leftover', { watchdog: '1h' }, 1],
])('%s', async (_what, watched, threads) => {
  const daemon = startWith(watched)
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  const { time } = await daemon.line(({ report }) => report !== undefined)
  const { code, lines, stderr } = await daemon.exited
  expect(Date.now() - time).toBeLessThan(PROMPT_MS)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines.filter(({ msg }) => msg === 'a thread is made')).toHaveLength(threads)
  expect(lines.filter(({ msg }) => msg.startsWith('still open'))).toEqual([])
})

test('pitfall 37: the next start says that the watchdog ended the last run, when and where', async () => {
  const marker = temporaryFolder()
  const killed = startWith({ watchdog: '1s' }, { marker })
  await block(killed)
  await killed.exited
  const next = startWith({}, { marker })
  const line = await next.line(({ msg }) => msg.startsWith('the last run ended without a farewell'))
  expect(line).toMatchObject({
    level: 40,
    lostPid: killed.child.pid,
    endedAt: expect.any(String),
    place: expect.stringMatching(/^Object\.spin \(/),
  })
  expect(line.msg).toMatch(/: its watchdog killed it, since its event loop had not turned for [12]\.\d\d s, at Object\.spin \(/)
  expect(Date.parse(String(line['endedAt']))).toBeGreaterThanOrEqual(Date.parse(String(line['startedAt'])) + 1_000)
})

test('pitfall 37: `watchdog` works in an application that is one minified file', async () => {
  checkBuild()
  const outfile = join(temporaryFolder(), 'bundle.mjs')
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/process/fixtures/watchdog.ts'],
    outfile,
    bundle: true,
    minify: true,
    keepNames: true,
    tsconfigRaw: {},
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    logLevel: 'error',
  })
  await using daemon = startDaemon(outfile, { env: { OPTIONS: '{"watchdog":"1s","marker":false}' }, patience: Number.POSITIVE_INFINITY })
  await block(daemon)
  expectKilled(
    await daemon.exited,
    /^quiesce: the event loop has not turned for [12]\.\d\d s, .*; at Object\.\w+ \(\/\S+bundle\.mjs:\d+:\d+\), called by/,
  )
})

// Before Node 24 it has another name.
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
const PERMITTED = [PERMISSION, '--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']

test('with permissions of Node: ended all the same, without its place, for which there is nobody to ask', async () => {
  const daemon = startWith({ watchdog: '1s', admin: false }, { node: [...PERMITTED, '--allow-worker'] })
  await block(daemon)
  expectKilled(
    await daemon.exited,
    /^quiesce: the event loop has not turned for [12]\.\d\d s, `watchdog` is 1\.00 s; where is not known\. /,
  )
})

test('where no thread is permitted that is a warning, and the daemon runs without', async () => {
  const daemon = startWith({ watchdog: '1s', admin: false }, { node: PERMITTED })
  const { level } = await daemon.line('no watchdog: its thread cannot be started, so a blocked event loop is not noticed')
  expect(level).toBe(40)
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})
