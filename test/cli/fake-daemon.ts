// A daemon for tests that do not need one: what it answers at its socket is written by the test, and what it was asked is kept.
import { chmodSync, mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Frame, StateFrame } from '../../src/observe/watch/frames.js'
import type { TreeNode } from '../../src/tree/tree-node.js'
import { temporaryFolder } from '../support/daemon-process.js'

/** An environment in which nobody else's daemons are found. */
export function lonely(): { readonly env: NodeJS.ProcessEnv; readonly folder: string } {
  const runtime = temporaryFolder()
  const folder = join(runtime, 'quiesce')
  mkdirSync(folder, { mode: 0o700 })
  return { env: { XDG_RUNTIME_DIR: runtime, TMPDIR: runtime }, folder }
}

/** Answers a request, by method and path; whatever there is no answer for is 404. */
export type Answers = Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => void>>

/** A listening fake. */
export interface FakeDaemon {
  readonly path: string
  /** `GET /state`, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** Listens at a socket; closed with the test at the latest. */
export async function fakeDaemon(path: string, answers: Answers): Promise<FakeDaemon> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const answer = answers[`${request.method} ${request.url?.split('?')[0]}`]
    if (answer === undefined) response.writeHead(404).end()
    else answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  chmodSync(path, 0o600)
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(close)
  return { path, asked, close }
}

/** Answers with JSON. */
export function json(body: object, status = 200): Answers[string] {
  return (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Answers with events; `open`: the stream goes on, and more can be written to it. */
export function events(frames: readonly Frame[], open?: (write: (frame: Frame) => void, end: () => void) => void): Answers[string] {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const write = (frame: Frame): void => void response.write(`event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`)
    for (const frame of frames) write(frame)
    if (open === undefined) response.end()
    else open(write, () => response.end())
  }
}

type Written = Partial<Omit<TreeNode, 'children'>> & { readonly id: string; readonly children?: readonly Written[] }

/** A tree, of what matters. */
export function treeOf(written: Written, parent = ''): TreeNode {
  const address = parent === '' ? written.id : `${parent}/${written.id}`
  const { children = [] } = written
  const kind = children.length > 0 || written.dynamic === true ? 'supervisor' : 'service'
  return {
    kind,
    status: 'ready',
    state: 'ready',
    incarnation: 1,
    inFlight: 0,
    restart: 'permanent',
    edge: false,
    dynamic: false,
    uses: [],
    hasMachine: false,
    ...written,
    address,
    children: children.map((child) => treeOf(child, address)),
  }
}

/** A state, of what matters. */
export function stateOf(tree: TreeNode, more: Partial<StateFrame> = {}): StateFrame {
  const daemon = {
    run: 'r1',
    id: tree.id,
    pid: process.pid,
    host: 'web-1',
    node: 'v20.19.0',
    version: undefined,
    quiesce: '0.1.0',
    graceMs: 25_000,
    lameDuckMs: 0,
  }
  return { type: 'state', seq: 7, at: 11_520_000, wallAt: Date.UTC(2026, 10, 20, 14), daemon, tree, charts: {}, controls: true, ...more }
}
