// A daemon to be asked: a database, a web server whose requests last until SIGUSR2 comes, a leader, and sessions that come and go.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DaemonProcess } from '../support/daemon-process.js'
import { type Came, daemon, project, quiesce } from './program.js'

const SHOP = `
import { dynamicSupervisor, leader, run, service, supervisor } from 'quiesce'
import { httpServer } from 'quiesce/http'
import { inspector } from 'quiesce/inspect'
import { memoryLease } from 'quiesce/lease/memory'

let release = []
process.on('SIGUSR2', () => release.splice(0).forEach((each) => each()))
// For ever busy: whoever asks is not answered.
process.on('SIGWINCH', () => { for (;;); })

const db = service('db', { shutdown: '2s', start: () => 1 })
const api = httpServer('api', {
  uses: { db },
  port: 0,
  shutdown: '20s',
  capacity: 10,
  handler: (req, res) => new Promise((resolve) => release.push(() => resolve(res.end('done')))),
})
const jobs = leader('jobs', { lease: memoryLease('jobs'), child: () => service('reaper', { start: () => 1 }) })
const sessions = dynamicSupervisor('sessions', { child: (name) => service('session', { start: () => name }) })
const tree = supervisor(process.env.ROOT ?? 'shop', { children: [db, supervisor('web', { children: [api] }), jobs, sessions] })
await run(tree, {
  grace: '20s',
  probes: false,
  marker: false,
  admin: { port: 0 },
  observers: process.env.INSPECTOR === undefined ? [] : [inspector()],
  onReady: async (system) => {
    const { handle } = system.ref(sessions)
    for (let at = 0; at < Number(process.env.SESSIONS ?? 0); at += 1) await handle.start(at)
    process.stdout.write('all there\\n')
  },
})
`

/** Where daemons are started and asked; nobody else's are found there. */
export class Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Of the sockets. */
  readonly folder: string

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.cwd = project({ 'shop.mjs': SHOP, ...files })
    // A short path: those of sockets may not be long.
    this.folder = join(this.cwd, 'quiesce')
    this.env = { XDG_RUNTIME_DIR: this.cwd, TMPDIR: this.cwd }
  }

  /** Starts a daemon and waits until it is ready. */
  async start(env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Promise<DaemonProcess> {
    const shop = daemon(['run', 'shop.mjs', ...flags], { cwd: this.cwd, env: { ...this.env, ...env } })
    onTestFinished(() => shop.kill())
    await shop.line('all there')
    return shop
  }

  /** Writes a file. */
  write(name: string, content: string): void {
    writeFileSync(join(this.cwd, name), content)
  }

  /** Runs a command to its end. */
  async quiesce(line: string, env: Readonly<Record<string, string>> = {}): Promise<Came> {
    return await quiesce(line.split(' '), { cwd: this.cwd, env: { ...this.env, ...env } })
  }

  /** Runs a command whose output can be awaited line by line. */
  follow(line: string | readonly string[]): DaemonProcess {
    const command = daemon(typeof line === 'string' ? line.split(' ') : line, { cwd: this.cwd, env: this.env })
    onTestFinished(() => command.kill())
    return command
  }
}

/** What a command has printed, a line each, without the moments. */
export function linesOf({ stdout }: Came): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *\+\d+\.\d+ s {2}/, '').replace(/ {2,}/g, '  '))
}
