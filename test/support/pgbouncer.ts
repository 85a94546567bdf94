// A PgBouncer of the machine for tests, in transaction mode before a Postgres server: ended by its process id.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { asUser, freePort, type ServerConfig, serverFolder, skipsPostgres } from './postgres-server.js'

const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'].map((folder) => join(folder, 'pgbouncer')).find(existsSync)
const isMissing = program === undefined && process.env['CI'] !== 'true'
if (isMissing)
  process.stdout.write('No PgBouncer here, so the lease store is not tested through a transaction pooler: apt-get install pgbouncer\n')
/** Whether tests that need it are to be skipped; with CI=true they run, and fail. */
export const skipsPgBouncer = skipsPostgres || isMissing

export class PgBouncer {
  readonly config: ServerConfig
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(config: ServerConfig, child: ChildProcess, folder: string) {
    this.config = config
    this.#process = child
    this.#folder = folder
  }

  /** Starts one that shares so many connections among all. */
  static async start(target: ServerConfig, connections: number): Promise<PgBouncer> {
    if (program === undefined) throw new Error('no PgBouncer here: apt-get install pgbouncer')
    const folder = serverFolder('quiesce-pgbouncer-')
    const config = { ...target, port: await freePort() }
    const users = join(folder, 'users')
    writeFileSync(users, `"${target.user}" ""\n`)
    const settings = {
      listen_addr: config.host,
      listen_port: config.port,
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: users,
      pool_mode: 'transaction',
      default_pool_size: connections,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
    const file = join(folder, 'pgbouncer.ini')
    writeFileSync(file, `[databases]\n${target.database} = host=${target.host} port=${target.port}\n[pgbouncer]\n${lines.join('\n')}\n`)
    const [command, args] = asUser([program, file])
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const said: string[] = []
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (said.push(line) && line.includes('process up')) resolve()
      })
      child.once('exit', (code) => reject(new Error(`pgbouncer ended with ${code}:\n${said.join('\n')}`)))
      child.once('error', reject)
    })
    return new PgBouncer(config, child, folder)
  }

  async remove(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill('SIGTERM')
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
