// Stately's relay on a free port of this machine: what an application sends at `/` is passed on to those who watch at `/watch`, where
// Stately's own receiver reads it.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createWebSocketReceiver } from '@statelyai/inspect'
import { type WebSocket, WebSocketServer } from 'ws'
import { RebuiltTree } from './rebuilt-tree.js'

/** A frame, as it is received. */
export interface Frame {
  readonly type: string
  readonly sessionId: string
  readonly rootId: string
  readonly createdAt: string
  readonly _version: unknown
  readonly name: string
  readonly parentId?: string
  readonly sourceId?: string
  readonly definition?: string
  readonly event: { readonly type: string }
  readonly snapshot: { readonly status: string; readonly value?: unknown; readonly output?: unknown }
}

/** The relay. */
export class Relay {
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  readonly #watchers = new Set<WebSocket>()
  /** The applications that are connected. */
  readonly applications = new Set<WebSocket>()
  /** What was sent, as it was sent. */
  readonly texts: string[] = []
  connectionCount = 0

  constructor() {
    this.#server.on('connection', (socket, { url }) => {
      if (url === '/watch') return void this.#watchers.add(socket)
      this.connectionCount += 1
      this.applications.add(socket)
      socket.on('close', () => this.applications.delete(socket))
      socket.on('message', (data: Buffer) => {
        this.texts.push(String(data))
        for (const watcher of this.#watchers) watcher.send(String(data))
      })
    })
  }

  async listen(): Promise<this> {
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when the next application has connected, or the next watcher. */
  async connected(path: '/' | '/watch' = '/'): Promise<void> {
    for (;;) {
      const [, { url }] = (await once(this.#server, 'connection')) as [WebSocket, { url: string }]
      if (url === path) return
    }
  }

  /** An inspector that reads what is sent from now on. */
  async inspector(): Promise<Inspector> {
    const connected = this.connected('/watch')
    const inspector = new Inspector(`${this.url}/watch`)
    await connected
    return inspector
  }

  /** Cuts off every application. */
  drop(): void {
    for (const socket of this.applications) socket.terminate()
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** An inspector: Stately's receiver, and what can be rebuilt from what it reads. */
export class Inspector {
  readonly tree = new RebuiltTree()
  readonly frames: Frame[] = []
  readonly #known = new Set<string>()
  #waiting: (() => void)[] = []

  constructor(server: string) {
    createWebSocketReceiver({ server }).subscribe((event) => this.hear(event as unknown as Frame))
  }

  hear(frame: Frame): void {
    this.frames.push(frame)
    const { type, sessionId, name, parentId, snapshot } = frame
    if (type === '@xstate.actor' && !this.#known.has(sessionId)) {
      this.#known.add(sessionId)
      this.tree.announced({ sessionId, id: name, parent: parentId })
    }
    if (type !== '@xstate.event') this.tree.told(sessionId, snapshot)
    const waiting = this.#waiting
    this.#waiting = []
    for (const look of waiting) look()
  }

  /** Resolves when it is so; looks whenever something is heard. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
