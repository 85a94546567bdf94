// A server under load as a process: where it serves, the signal, how and when it ended, and the journal that it has kept.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend } from './balancer.ts'

export interface Command {
  readonly node: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** How a process ended; `at` by `performance.now()`. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly at: number
}

/** What the handlers of a server did, by the ids of the requests. */
export interface Handled {
  readonly begun: readonly string[]
  readonly finished: readonly string[]
}

/** One running server. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly ended: Promise<Ended>
  /** Everything that it said, for error messages. */
  transcript = ''
  #tellServing: ((where: Backend) => void) | undefined
  #readyz: string | undefined

  private constructor({ node, args, cwd, env }: Command) {
    this.#folder = mkdtempSync(join(tmpdir(), 'quiesce-load-'))
    const journal = { JOURNAL: this.#journal, MARKER: join(this.#folder, 'marker') }
    this.#child = spawn(node, args, { cwd, env: { ...cleanEnv(), ...journal, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal, at: performance.now() }))
    })
    let rest = ''
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#read(line)
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.transcript += text
    })
  }

  /** Starts a server and waits until it serves. */
  static async start(command: Command): Promise<ServerProcess & Backend> {
    const server = new ServerProcess(command)
    try {
      return Object.assign(server, await server.#serves())
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** What its journal says; whole once it has ended. */
  handled(): Handled {
    const lines = readFileSync(this.#journal, 'utf8').split('\n')
    const those = (what: string): string[] => lines.filter((line) => line.startsWith(what)).map((line) => line.slice(what.length + 1))
    return { begun: those('begun'), finished: those('finished') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #journal(): string {
    return join(this.#folder, 'journal')
  }

  #serves(): Promise<Backend> {
    return new Promise((resolve, reject) => {
      this.#tellServing = resolve
      this.ended.then(({ code, signal }) => reject(new Error(`the server ended (${signal ?? code}) before it served:\n${this.transcript}`)))
    })
  }

  #read(line: string): void {
    this.transcript += `${line}\n`
    if (!line.startsWith('{')) return
    const { serving, msg, url } = JSON.parse(line) as { serving?: Backend; msg?: string; url?: string }
    // A daemon tells of its probes in its log.
    if (msg === 'probes') this.#readyz = `${url}/readyz`
    if (serving !== undefined) this.#tellServing?.({ ...serving, readyz: this.#readyz ?? serving.readyz })
  }
}

// What the developer's own shell has set must not decide what a server does.
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV, NODE_OPTIONS, DYNO, KUBERNETES_SERVICE_HOST, STATE_DIRECTORY, npm_lifecycle_event, ...env } = process.env
  return env
}
