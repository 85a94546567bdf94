// One server under measurement, in a process of its own: says where it listens, then tells its own processor time when it is asked.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { run, type System, supervisor } from 'quiesce'
import { httpServer } from 'quiesce/http'

/** The servers that are compared. */
export type Kind = 'bare' | 'bare in a context' | 'uncontained' | 'daemon'

const kind = process.argv[2] as Kind
const CAPACITY = 1_000
let served = 0

function answer(_req: IncomingMessage, res: ServerResponse): void {
  served += 1
  res.setHeader('Content-Type', 'text/plain')
  res.setHeader('Content-Length', 5)
  res.end('hello')
}

const api = httpServer('api', { host: '127.0.0.1', capacity: CAPACITY, app: () => answer })
const tree = supervisor('bench', { children: [api] })
const context = new AsyncLocalStorage()

function bare(): void {
  const server = createServer(answer).listen(0, '127.0.0.1', () => tell((server.address() as AddressInfo).port))
}

if (kind === 'bare') bare()
else if (kind === 'bare in a context') context.run({}, bare)
else {
  const onReady = (system: unknown): void => tell((system as System).ref(api).handle.port)
  void run(tree, { log: false, probes: false, marker: false, contain: kind === 'daemon', onReady })
}

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicros: user + system, served })
})

function tell(port: number): void {
  process.send?.({ port })
}
