// One server under measurement, in a process of its own: says where it listens, then tells its own processor time when it is asked.
// Plain JavaScript: a loader in the process is measured with it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer } from 'node:http'
import { run, supervisor } from 'quiesce'
import { httpServer } from 'quiesce/http'

const kind = process.argv[2]
const CAPACITY = 1_000
let served = 0

function answer(_req, res) {
  served += 1
  res.setHeader('Content-Type', 'text/plain')
  res.setHeader('Content-Length', 5)
  res.end('hello')
}

const api = httpServer('api', { host: '127.0.0.1', capacity: CAPACITY, app: () => answer })
const tree = supervisor('bench', { children: [api] })
const context = new AsyncLocalStorage()

function bare() {
  const server = createServer(answer).listen(0, '127.0.0.1', () => tell(server.address().port))
}

if (kind === 'bare') bare()
else if (kind === 'bare in a context') context.run({}, bare)
else {
  const onReady = (system) => tell(system.ref(api).handle.port)
  void run(tree, { log: false, probes: false, marker: false, contain: kind === 'daemon', onReady })
}

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicros: user + system, served })
})

function tell(port) {
  process.send?.({ port })
}
