// The bridge to Stately's inspector neither keeps a process alive nor delays its end, whatever there is at the other end.
import { once } from 'node:events'
import { createServer as createWebServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { start } from '../support/daemon-process.js'

// Far below the 5 s of a handshake and the 30 s of a goodbye that nobody answers.
const AT_ONCE_MS = 3_000

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An inspector. */
class Inspector {
  readonly frames: { readonly type: string; readonly snapshot?: { readonly status: string } }[] = []
  readonly #server = createWebServer()
  readonly #gone: Promise<unknown>

  constructor({ reads }: { readonly reads: boolean }) {
    const sockets = new WebSocketServer({ noServer: true })
    this.#gone = new Promise((resolve) => {
      this.#server.on('upgrade', (req, socket, head) => {
        sockets.handleUpgrade(req, socket, head, (client) => {
          if (!reads) socket.pause()
          client.on('message', (data) => this.frames.push(JSON.parse(String(data)) as { type: string }))
          client.on('close', resolve)
        })
      })
    })
  }

  listen(): Promise<string> {
    return listening(this.#server)
  }

  /** Resolves with what it has read, when there will be no more. */
  async all(): Promise<Inspector['frames']> {
    await this.#gone
    return this.frames
  }
}

/** How a process ended whose last line says when it had nothing to do any more; how long that took, in milliseconds. */
async function ended(env: Readonly<Record<string, string>>): Promise<{ readonly code: number | null; readonly tookMs: number }> {
  const { exited } = start('stately', { env })
  const { code, lines } = await exited
  const exitedAt = Date.now()
  return { code, tookMs: exitedAt - Number(lines.find(({ msg }) => msg === 'has nothing to do')?.['endedAt']) }
}

test.each(['ends', 'stops'])('nobody is there; it %s', async (HOW) => {
  const server = createServer()
  const URL = await listening(server)
  server.close()
  const { code, tookMs } = await ended({ URL, HOW })
  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(AT_ONCE_MS)
})

test.each(['ends', 'stops'])('somebody accepts the connection and never says a word; it %s', async (HOW) => {
  const { code, tookMs } = await ended({ URL: await listening(createServer()), HOW })
  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(AT_ONCE_MS)
})

test('it ends while an inspector is connected', async () => {
  const inspector = new Inspector({ reads: true })
  const { code, tookMs } = await ended({ URL: await inspector.listen(), HOW: 'ends', WAITS: 'yes' })
  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(AT_ONCE_MS)
  expect((await inspector.all()).filter(({ type }) => type === '@xstate.actor')).toHaveLength(201)
})

test('it stops while an inspector is connected, which hears of it to the last', async () => {
  const inspector = new Inspector({ reads: true })
  const { code } = await ended({ URL: await inspector.listen(), HOW: 'stops', WAITS: 'yes' })
  expect(code).toBe(0)
  expect((await inspector.all()).filter(({ snapshot }) => snapshot?.status === 'done')).toHaveLength(201)
})

test('it stops while an inspector is connected that does not read', async () => {
  const inspector = new Inspector({ reads: false })
  const { code, tookMs } = await ended({ URL: await inspector.listen(), HOW: 'stops', WAITS: 'yes' })
  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(AT_ONCE_MS)
})
