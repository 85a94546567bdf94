// A PostgreSQL of the machine for tests: a data directory of its own, a free port of 127.0.0.1, ended by its process id. It can be
// stopped, crashed, started again and paused.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

const FOLDERS = '/usr/lib/postgresql'
const MIGHTY = process.getuid?.() === 0
const USER = MIGHTY ? 'postgres' : undefined

/** The folder with the programs of PostgreSQL, the latest version first; undefined where there is none. */
function findPrograms(): string | undefined {
  const versions = existsSync(FOLDERS) ? readdirSync(FOLDERS).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(FOLDERS, version, 'bin')), ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

const programs = findPrograms()
/** Whether tests that need it are to be skipped; with CI=true they run, and fail. */
export const skipsPostgres = programs === undefined && process.env['CI'] !== 'true'
if (skipsPostgres) process.stdout.write('No PostgreSQL here, so the lease store is not tested against it: apt-get install postgresql\n')

/** The user that servers run as: they refuse to be run by root. */
export function asUser(command: readonly string[]): [string, string[]] {
  // A runner that is killed takes its servers with it.
  const change = USER === undefined ? [] : [`--reuid=${USER}`, `--regid=${USER}`, '--init-groups']
  return ['setpriv', [...change, '--pdeathsig=KILL', '--', ...command]]
}

/** A folder that the servers' user may write. */
export function serverFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), name))
  const id = (flag: string): number => Number(execFileSync('id', [flag, USER ?? '']))
  if (USER !== undefined) chownSync(folder, id('-u'), id('-g'))
  return folder
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a server on 127.0.0.1 has no port')
  return address.port
}

/** How a client reaches it. */
export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

export class PostgresServer {
  readonly config: ServerConfig
  readonly #folder: string
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.config = { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' }
  }

  /** Makes a cluster and starts it. */
  static async start(): Promise<PostgresServer> {
    if (programs === undefined) throw new Error('no PostgreSQL here: apt-get install postgresql')
    const folder = serverFolder('quiesce-postgres-')
    const flags = [
      '-D',
      join(folder, 'data'),
      '-A',
      'trust',
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ]
    const [command, args] = asUser([join(programs, 'initdb'), ...flags])
    const made = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)
    const server = new PostgresServer(folder, await freePort())
    await server.run()
    return server
  }

  /** Starts it again, with the data that it has. */
  async run(): Promise<void> {
    // What is lost without fsync is lost with the machine, not with the server.
    const settings = {
      listen_addresses: this.config.host,
      port: this.config.port,
      unix_socket_directories: '',
      fsync: 'off',
      max_connections: 200,
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const [command, args] = asUser([join(programs ?? '', 'postgres'), '-D', join(this.#folder, 'data'), ...flags])
    const child = spawn(command, args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    const lines = createInterface({ input: child.stderr })
    const said: string[] = []
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (said.push(line) && line.includes('ready to accept connections')) resolve()
      })
      child.once('exit', (code) => reject(new Error(`postgres ended with ${code}:\n${said.join('\n')}`)))
      child.once('error', reject)
    })
  }

  /** Ends it as an operator does, or as a crash does. */
  async end(how: 'fast' | 'crash' = 'fast'): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    this.#process = undefined
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await ended
  }

  /** Ends it, and leaves nothing of it. */
  async remove(): Promise<void> {
    await this.end('crash')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Stops all its processes where they are; the function that is returned lets them go on. */
  pause(): () => void {
    const { pid } = this.#process ?? {}
    if (pid === undefined) throw new Error('a server that does not run cannot be paused')
    // The first one makes no others once it is stopped.
    process.kill(pid, 'SIGSTOP')
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    for (const child of children) process.kill(child, 'SIGSTOP')
    return () => {
      for (const each of [...children, pid]) process.kill(each, 'SIGCONT')
    }
  }
}
