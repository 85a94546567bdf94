// What asks a daemon to stop besides signals, and what it leaves behind in a process that goes on.
import { expect, test } from 'vitest'
import { reportOf, start } from '../support/daemon-process.js'

test("the message 'shutdown' of a parent stops it in order, exit 0", async () => {
  const daemon = start('shop', { ipc: true })
  await daemon.line('shop is ready')
  daemon.child.send({ type: 'shutdown' })
  daemon.child.send('shutdown')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(reportOf(lines)).toMatchObject({ reason: 'shutdown message', clean: true })
})

test('the end of standard input stops it, if it was asked for', async () => {
  const daemon = start('shop', { env: { OPTIONS: '{"stdin":true}' } })
  await daemon.line('shop is ready')
  daemon.child.stdin?.end()
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(reportOf(lines).reason).toBe('end of standard input')
})

test('by default it lives on without standard input', async () => {
  const daemon = start('shop')
  await daemon.line('shop is ready')
  daemon.child.stdin?.end()
  const { time } = daemon.lines.at(-1) as { time: number }
  await daemon.line((line) => line.msg === 'tick' && line.time > time)
  daemon.signal('SIGTERM')
  const { lines } = await daemon.exited
  expect(reportOf(lines).reason).toBe('SIGTERM')
})

test('with exit: false nothing of the runtime keeps the process alive, and what of the user does is named', async () => {
  const gone = start('leftovers', { env: { OPTIONS: '{"stdin":true}' }, ipc: true })
  const { code, lines, stderr } = await gone.exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines.map(({ msg }) => msg)).toContain('beforeExit')
  expect(lines.filter(({ msg }) => msg.startsWith('still open'))).toEqual([])

  const held = start('leftovers', { env: { LEAVES: 'yes' } })
  const line = await held.line(({ msg }) => msg.startsWith('still open'))
  expect(line.msg).toBe('still open: TCPServerWrap, 2 × Timeout')
  expect(await held.line(({ msg }) => msg.startsWith('complete'))).toMatchObject({ left: ['TCPServerWrap', '2 × Timeout'] })
  await held.line('after run')
})

test('a signal that was aborted before the start: nothing starts', async () => {
  const daemon = start('leftovers', { env: { ABORTED: 'yes' } })
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.map(({ msg }) => msg)).not.toContain('user started')
  expect(reportOf(lines)).toMatchObject({ reason: 'abort signal', totals: { 'never-started': 1 } })
})
