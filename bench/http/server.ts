// One server under measurement, in a process of its own: says where it listens, then tells its own processor time when it is asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSystem, run, type System, supervisor } from 'quiesce'
import { httpServer } from 'quiesce/http'

/** The servers that are compared. */
export type Kind = 'bare' | 'system' | 'daemon'

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
const listening = (system: System): void => tell(system.ref(api).handle.port)

if (kind === 'bare') {
  const server = createServer(answer).listen(0, '127.0.0.1', () => tell((server.address() as AddressInfo).port))
} else if (kind === 'system') {
  const system = createSystem(tree) as System
  await system.start()
  listening(system)
} else {
  void run(tree, { log: false, probes: false, marker: false, onReady: (system) => listening(system as System) })
}

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicros: user + system, served })
})

function tell(port: number): void {
  process.send?.({ port })
}
