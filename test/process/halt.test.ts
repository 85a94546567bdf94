// The hard stop.
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { start, story } from '../support/daemon-process.js'

test('after ctx.halt no byte leaves any socket, no hook is called, one line is on standard error, exit 70', async () => {
  const daemon = start('halting')
  const { port } = await daemon.line('listening')
  const client = connect(port as number, '127.0.0.1').setEncoding('utf8')
  client.on('error', () => {})
  let received = ''
  await new Promise<void>((resolve) => {
    client.on('data', (text: string) => {
      received += text
      if (received.includes('more')) resolve()
    })
  })
  daemon.tell('halt')
  const { code, signal, stderr, lines } = await daemon.exited
  if (!client.closed) await new Promise((resolve) => client.once('close', resolve))
  expect({ code, signal }).toEqual({ code: 70, signal: null })
  expect(stderr).toBe('quiesce: halted by app/raw: the key has leaked; nothing was drained or flushed\n')
  expect(received).toMatch(/^hello\n(more\n)+$/)
  expect(story(lines)).not.toContain('stop hook called')
  expect(story(lines)).not.toContain('drain started')
})

test('system.halt names the root', async () => {
  const { code, stderr } = await start('halting', { env: { BY: 'system' } }).exited
  expect(code).toBe(70)
  expect(stderr).toBe('quiesce: halted by app: told so; nothing was drained or flushed\n')
})
