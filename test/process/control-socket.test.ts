// The Unix socket of a real daemon: only its owner can open it, it goes with the process, and those of dead processes are cleared away.
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { StateFrame } from '../../src/observe/watch/frames.js'
import { start, temporaryFolder } from '../support/daemon-process.js'

interface Answer {
  readonly status: number
  readonly body: string
}

async function ask(socketPath: string, path: string, method = 'GET'): Promise<Answer> {
  const [response] = await once(request({ socketPath, path, method }).end(), 'response')
  return { status: response.statusCode, body: await text(response) }
}

const rights = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('is in a folder of its owner alone, named after root and process, answers, and goes with the process', async () => {
  const runtime = temporaryFolder()
  const daemon = start('shop', { env: { XDG_RUNTIME_DIR: runtime } })
  await daemon.line('shop is ready')
  const path = join(runtime, 'quiesce', `shop-${daemon.child.pid}.sock`)
  expect([rights(join(runtime, 'quiesce')), rights(path)]).toEqual(['700', '600'])
  const state = JSON.parse((await ask(path, '/state')).body) as StateFrame
  expect(state).toMatchObject({ type: 'state', controls: true, daemon: { id: 'shop', pid: daemon.child.pid }, tree: { status: 'ready' } })
  expect(JSON.parse((await ask(path, '/blueprint')).body)).toMatchObject({ tree: { address: 'shop', children: expect.any(Array) } })
  expect(await ask(path, '/inspector')).toMatchObject({ status: 404, body: expect.stringContaining('this daemon has no inspector') })
  expect(await ask(path, '/control?verb=kill&address=shop/db')).toMatchObject({ status: 404 })
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
  expect(existsSync(path)).toBe(false)
})

test('whoever follows a daemon over it sees its end, and the report, before the process is gone', async () => {
  const runtime = temporaryFolder()
  const daemon = start('shop', { env: { XDG_RUNTIME_DIR: runtime } })
  await daemon.line('shop is ready')
  const socketPath = join(runtime, 'quiesce', `shop-${daemon.child.pid}.sock`)
  const [response] = await once(request({ socketPath, path: '/events' }).end(), 'response')
  const followed = text(response)
  daemon.signal('SIGTERM')
  const frames = (await followed).split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []))
  expect(frames[0]).toMatchObject({ type: 'state', tree: { status: 'ready' } })
  expect(frames.filter(({ fact }) => fact?.type === 'phase-started').map(({ fact }) => fact.phase)).toEqual(['edges', 'tree', 'logs'])
  expect(frames.at(-1)).toMatchObject({ type: 'state', tree: { status: 'stopped' }, report: { complete: true, reason: 'SIGTERM' } })
  expect((await daemon.exited).code).toBe(0)
})

test('a reader that does not read delays no exit', async () => {
  const runtime = temporaryFolder()
  const daemon = start('shop', { env: { XDG_RUNTIME_DIR: runtime } })
  await daemon.line('shop is ready')
  const socketPath = join(runtime, 'quiesce', `shop-${daemon.child.pid}.sock`)
  const [response] = await once(request({ socketPath, path: '/events' }).end(), 'response')
  response.pause()
  response.on('error', () => {})
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.some(({ msg }) => msg.startsWith('complete: stopped cleanly'))).toBe(true)
})

test('sockets on which nobody listens are cleared away at the next start, whoever has the process id now; others, and other files, are not', async () => {
  const runtime = temporaryFolder()
  const folder = join(runtime, 'quiesce')
  const killed = start('shop', { env: { XDG_RUNTIME_DIR: runtime } })
  await killed.line('shop is ready')
  killed.signal('SIGKILL')
  await killed.exited
  writeFileSync(join(folder, 'notes.txt'), '')
  renameSync(join(folder, `shop-${killed.child.pid}.sock`), join(folder, `shop-${process.pid}.sock`))
  const other = createServer().listen(join(folder, 'other-1.sock'))
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  expect(readdirSync(folder)).toContain(`shop-${process.pid}.sock`)
  const next = start('shop', { env: { XDG_RUNTIME_DIR: runtime } })
  await next.line('shop is ready')
  expect(readdirSync(folder).sort()).toEqual(['notes.txt', 'other-1.sock', `shop-${next.child.pid}.sock`])
  next.signal('SIGTERM')
  await next.exited
})

test('a folder that is open to others is closed to them first; without a socket the daemon runs on and says so', async () => {
  const runtime = temporaryFolder()
  mkdirSync(join(runtime, 'quiesce'))
  chmodSync(join(runtime, 'quiesce'), 0o777)
  const open = start('shop', { env: { XDG_RUNTIME_DIR: runtime } })
  await open.line('shop is ready')
  expect(rights(join(runtime, 'quiesce'))).toBe('700')
  open.signal('SIGTERM')
  await open.exited
  writeFileSync(join(runtime, 'file'), '')
  const without = start('shop', { env: { XDG_RUNTIME_DIR: join(runtime, 'file') } })
  await without.line('shop is ready')
  without.signal('SIGTERM')
  const { code, lines } = await without.exited
  expect(code).toBe(0)
  expect(lines.find(({ msg }) => msg.startsWith('no control socket'))).toBeDefined()
})
