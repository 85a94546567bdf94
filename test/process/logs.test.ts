// The log of a daemon to its last line.
import { expect, test } from 'vitest'
import { reportOf, start, story } from '../support/daemon-process.js'

test.each([
  ['pino', 'idle'],
  ['worker', 'idle'],
  // The only thread that writes has something else to do first.
  ['pino', 'busy'],
  ['buffering', 'busy'],
  ['several', 'busy'],
  ['stream', 'busy'],
  ['worker', 'busy'],
])('pitfall 38: %s, %s: two thousand lines of the last second arrive, in order, before the end', async (log, others) => {
  const daemon = start('lossy-log', { env: { LOG: log, OTHERS: others, ...(others === 'busy' && { UV_THREADPOOL_SIZE: '1' }) } })
  await daemon.line('up')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  const numbers = lines.filter(({ msg }) => msg === 'chat').map(({ number }) => number)
  expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, number) => number))
  expect(lines.find(({ msg }) => msg === 'chat')).toMatchObject({ name: 'mine', service: 'app/chatty' })
  expect(lines.at(-1)?.msg).toMatch(/^complete/)
  const times = lines.filter(({ name }) => name === 'mine').map(({ time }) => time)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('a logger that throws harms nothing: its first error is told on standard error, the daemon stops in order', async () => {
  const daemon = start('lossy-log', { env: { LOG: 'throws' } })
  await daemon.line('up')
  daemon.signal('SIGTERM')
  const { code, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'quiesce: the log cannot be written (disk full); lines of it are lost\n' })
})

test('pitfall 38: a flush that never answers does not hold the exit', async () => {
  const daemon = start('lossy-log', { env: { LOG: 'hangs', OPTIONS: '{"grace":"2s"}' } })
  await daemon.line('up')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(story(lines)).toContain('flush asked')
})

test('a signal during the flush does not change the exit code', async () => {
  const daemon = start('lossy-log', { env: { LOG: 'hangs', OPTIONS: '{"grace":"2s"}' } })
  await daemon.line('up')
  daemon.signal('SIGTERM')
  await daemon.line('flush asked')
  daemon.signal('SIGTERM')
  daemon.signal('SIGINT')
  const { code, signal } = await daemon.exited
  expect({ code, signal }).toEqual({ code: 0, signal: null })
})

test('log: false says nothing', async () => {
  const daemon = start('lossy-log', { env: { LOG: 'none' } })
  await daemon.line('up')
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr, story: story(lines) }).toEqual({ code: 0, stderr: '', story: ['up'] })
})

test('what a handle, an argument or an error carries never appears in the log', async () => {
  const daemon = start('secrets')
  await daemon.line('refused')
  await daemon.line('crashed')
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect(code).toBe(3)
  expect(story(lines)).toContain('app/vault: stop failed; the stop goes on')
  expect(daemon.transcript + stderr).not.toContain('hunter2')
})

test('deadlines of the services lie within the grace, and each step of each handshake has its line', async () => {
  const daemon = start('shop', { env: { SHUTDOWN: '30s', OPTIONS: '{"grace":"10s"}' } })
  await daemon.line('shop is ready')
  daemon.signal('SIGTERM')
  const { lines } = await daemon.exited
  expect(lines.find(({ level }) => level === 40)?.msg).toBe('a stop may take 30.50 s, but grace is 10.00 s: what comes last is cut short')
  const limits = lines.filter(({ msg }) => msg === 'draining').map(({ service, deadlineMs }) => [service, deadlineMs])
  for (const [service, limit] of limits) expect(limit, String(service)).toBeLessThanOrEqual(9_500)
  // The api may not use what the database is kept.
  expect(Object.fromEntries(limits)['shop/api']).toBeLessThanOrEqual(9_000)
  for (const service of ['shop', 'shop/db', 'shop/api'])
    expect(lines.filter((line) => line['service'] === service).map(({ msg }) => msg)).toEqual(['starting', 'ready', 'draining', 'stopped'])
  expect(reportOf(lines).budgetMs).toBeLessThanOrEqual(9_500)
})
