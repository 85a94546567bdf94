// Uncaught errors: they belong to the service whose code they come from.
import { expect, test } from 'vitest'
import { expectInOrder, reportOf, start, story } from '../support/daemon-process.js'

test.each([
  ['timer', 'a throw in a timer'],
  ['promise', 'a forgotten promise'],
  ['async', 'a forgotten async function'],
  ['emitter', 'a throw in a listener'],
  ['tick', 'a throw in process.nextTick'],
])('%s: %s crashes its service, which is restarted; the others do not notice', async (word) => {
  const daemon = start('crashing')
  await daemon.line('app is ready')
  daemon.tell(word)
  await daemon.line(({ msg, incarnation }) => msg === 'faulty started' && incarnation === 2)
  const crashed = await daemon.line('crashed')
  expect(crashed).toMatchObject({ service: 'app/faulty', incarnation: 1, err: { message: `${word} of 1` } })
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(story(lines).filter((line) => line === 'app/other: starting')).toHaveLength(1)
  expectInOrder(lines, ['app/faulty: crashed', 'app/faulty: stopped', 'app/faulty: starting', 'drain started', 'other closed'])
})

test('an error of an incarnation that has ended is a line of the log, nothing else', async () => {
  const daemon = start('crashing')
  await daemon.line('app is ready')
  daemon.tell('timer')
  await daemon.line(({ msg, incarnation }) => msg === 'faulty started' && incarnation === 2)
  daemon.tell('late')
  expect(await daemon.line('an error of an incarnation that has ended')).toMatchObject({
    service: 'app/faulty',
    incarnation: 1,
    err: { message: 'late of 1' },
  })
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.filter(({ msg }) => msg === 'crashed')).toHaveLength(1)
})

test.each(['unowned', 'unowned-promise'])('%s: an error that nobody owns ends the daemon in order, exit 1', async (word) => {
  const daemon = start('crashing')
  await daemon.line('app is ready')
  daemon.tell(word)
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expectInOrder(lines, [
    'an uncaught error that belongs to no service: the daemon ends',
    'drain started',
    'app/busy: stopped',
    'other closed',
  ])
  expect(reportOf(lines)).toMatchObject({ reason: 'uncaught error', totals: { acked: 3 } })
})

test('a second error that nobody owns hurries', async () => {
  const daemon = start('crashing', { env: { BUSY: 'never', OPTIONS: '{"grace":"60s"}' } })
  await daemon.line('app is ready')
  daemon.tell('unowned')
  await daemon.line('busy drains')
  daemon.tell('unowned')
  const { code, lines } = await daemon.exited
  expect(code).toBe(3)
  expectInOrder(lines, ['busy drains', 'app/busy: forced: hurried', 'other closed'])
})

test('an uncaught error during a drain does not cut it, whoever owns it', async () => {
  const daemon = start('crashing', { env: { BUSY: 'yes', DRAIN: 'yes' } })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  await daemon.line('busy drains')
  daemon.tell('unowned')
  await daemon.line('an uncaught error that belongs to no service: the daemon ends')
  daemon.tell('idle')
  await daemon.line('faulty drains')
  daemon.tell('timer')
  await daemon.line(({ service, err }) => service === 'app/faulty' && (err as Error | undefined)?.message === 'timer of 1')
  daemon.tell('drained')
  const { code, lines } = await daemon.exited
  expect(code).toBe(3)
  expectInOrder(lines, ['busy drains', 'busy has drained', 'faulty drains', 'faulty has drained', 'app/faulty: stopped', 'other closed'])
  expect(reportOf(lines).services.map(({ forced }) => forced)).not.toContain(true)
})

test('the third uncaught exception within a minute ends the daemon, exit 1; rejections do not count', async () => {
  const daemon = start('crashing')
  await daemon.line('app is ready')
  for (const [index, word] of ['promise', 'timer', 'async', 'emitter', 'tick'].entries()) {
    daemon.tell(word)
    if (index < 4) await daemon.line(({ msg, incarnation }) => msg === 'faulty started' && incarnation === index + 2)
  }
  const { code, lines } = await daemon.exited
  expect(code).toBe(1)
  expectInOrder(lines, [
    'the third uncaught exception within a minute: the daemon ends, since going on is unsafe',
    'drain started',
    'other closed',
  ])
})

test('contain: false leaves uncaught errors to Node', async () => {
  const daemon = start('crashing', { env: { OPTIONS: '{"contain":false}' } })
  await daemon.line('app is ready')
  daemon.tell('timer')
  const { code, stderr } = await daemon.exited
  expect(code).toBe(1)
  expect(stderr).toContain('Error: timer of 1')
  expect(stderr).toContain('app/other (ready), app/faulty (ready), app/busy (ready) had not stopped')
})

test('one daemon does not end by an error that another one of the process owns', async () => {
  const daemon = start('embedded', { env: { HOW: 'copies', BY: 'abort' } })
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, ['app0/still: crashed', 'restarted', 'while', 'drain started', 'after'])
  expect(lines.filter(({ msg }) => msg === 'crashed')).toHaveLength(1)
})
