// The daemons of the fleet as processes of their own: started, told apart by their names, their logs read line by line.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What is read of a line of a daemon's log. */
export interface Line {
  readonly time: number
  readonly msg: string
  readonly service?: string
  readonly term?: string
  readonly url?: string
}

const PATIENCE_MS = 20_000

/** One daemon. */
export class Daemon {
  readonly name: string
  readonly url: string
  readonly process: ChildProcess
  readonly lines: Line[] = []
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<string>
  leads = false
  isOver = false
  readonly #waiting = new Set<{ readonly matches: (line: Line) => boolean; readonly resolve: (line: Line) => void }>()

  constructor(name: string, url: string, folder: string) {
    this.name = name
    this.url = url
    const file = fileURLToPath(new URL('./daemon.ts', import.meta.url))
    const args = ['--import', 'tsx', file, '--name', name, '--url', url, '--folder', folder]
    // In a process group of its own, since Ctrl+C on a terminal is for the whole group in front. The channel tells it when we are gone.
    this.process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], detached: true })
    const lines = createInterface({ input: this.process.stdout as NodeJS.ReadableStream })
    lines.on('line', (text) => this.#take(JSON.parse(text) as Line))
    this.ended = Promise.all([once(this.process, 'exit'), once(lines, 'close')]).then(([[code, signal]]) => {
      this.leads = false
      this.isOver = true
      return String(code ?? signal)
    })
  }

  /** The first line that matches, of those that came or will come. */
  line(matches: (line: Line) => boolean): Promise<Line> {
    const known = this.lines.find(matches)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`daemon ${this.name} said nothing of the kind within ${PATIENCE_MS} ms`))
      setTimeout(late, PATIENCE_MS).unref()
      this.#waiting.add({ matches, resolve })
    })
  }

  #take(line: Line): void {
    this.lines.push(line)
    if (line.msg === 'leads') this.leads = true
    if (line.msg === 'steps down' || line.msg === 'lost the lease') this.leads = false
    const text = shown(line)
    if (text !== undefined) console.log(`   ${new Date(line.time).toISOString().slice(11, 23)}  ${this.name}  ${text}`)
    for (const waiter of this.#waiting) {
      if (!waiter.matches(line)) continue
      this.#waiting.delete(waiter)
      waiter.resolve(line)
    }
  }
}

// What happens to the leadership, and how a daemon begins and ends.
function shown({ msg, term, url, service }: Line): string | undefined {
  if (term !== undefined) return `term ${term}: ${msg}`
  if (url !== undefined) return `${msg} at ${url}`
  if (service !== undefined) return undefined
  if (msg === 'drain started') return 'told to stop'
  return msg.startsWith('complete') ? `done: ${/^complete: (.*) of /.exec(msg)?.[1]}` : undefined
}

/** The first line of any of them that matches. */
export function lineOfAny(daemons: readonly Daemon[], matches: (line: Line, daemon: Daemon) => boolean): Promise<[Daemon, Line]> {
  return Promise.race(daemons.map(async (daemon): Promise<[Daemon, Line]> => [daemon, await daemon.line((line) => matches(line, daemon))]))
}

/** So many ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
