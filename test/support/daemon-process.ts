// A daemon as a real process: its log as parsed lines that can be awaited, signals, standard error, and how it ended.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import type { Report } from '../../src/policy/report.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** One line of a daemon's log. */
export interface Line {
  readonly time: number
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly Line[]
  readonly stderr: string
}

/** How a fixture is started. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Flags for Node itself. */
  readonly node?: readonly string[]
  /** A folder to find the last run's marker in; by default one of its own. */
  readonly marker?: string
  /** A message channel, as `fork` opens it. */
  readonly ipc?: boolean
  /** What to start instead of node; gets node's arguments as `$@`. */
  readonly shell?: string
  /** In a process group of its own, whose id is the pid. */
  readonly group?: boolean
}

/** The command line with which a fixture runs. */
export function commandOf(fixture: string, { node = [], args = [] }: StartOptions = {}): string[] {
  return [...node, '--import', 'tsx', join(ROOT, 'test/process/fixtures', `${fixture}.ts`), ...args]
}

/** Starts a fixture; it is ended with the test at the latest. */
export function start(fixture: string, options: StartOptions = {}): DaemonProcess {
  checkBuild()
  const env = { ...cleanEnv(), MARKER: options.marker ?? temporaryFolder(), ...options.env }
  const args = commandOf(fixture, options)
  const stdio: StdioOptions = options.ipc === true ? ['pipe', 'pipe', 'pipe', 'ipc'] : 'pipe'
  // Whatever a shell has started goes with it.
  const inGroup = options.group === true || options.shell !== undefined
  const how = { cwd: ROOT, env, stdio, detached: inGroup }
  const child =
    options.shell === undefined
      ? spawn(process.execPath, args, how)
      : spawn('sh', ['-c', options.shell, 'sh', process.execPath, ...args], how)
  const daemon = new DaemonProcess(child)
  onTestFinished(() => daemon.end(inGroup))
  return daemon
}

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Waiter {
  readonly matches: (line: Line) => boolean
  readonly resolve: (line: Line) => void
  readonly reject: (error: Error) => void
}

/** A running fixture. */
export class DaemonProcess {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  readonly exited: Promise<Ended>
  stderr = ''
  #rest = ''
  #isOver = false
  #waiters: Waiter[] = []

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#readError(text))
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#isOver = true
        for (const { reject } of this.#waiters) reject(new Error(`the process has ended without the awaited line:\n${this.transcript}`))
        resolve({ code, signal, lines: this.lines, stderr: this.stderr })
      })
    })
  }

  get transcript(): string {
    return `${this.lines.map((line) => JSON.stringify(line)).join('\n')}\n${this.stderr}`
  }

  /** The first line, past or future, that matches: by its message, or by a predicate. */
  line(which: string | ((line: Line) => boolean)): Promise<Line> {
    const matches = typeof which === 'string' ? (line: Line) => line.msg === which : which
    const known = this.lines.find(matches)
    if (known !== undefined) return Promise.resolve(known)
    if (this.#isOver) return Promise.reject(new Error(`the process had ended without the awaited line:\n${this.transcript}`))
    return new Promise((resolve, reject) => this.#waiters.push({ matches, resolve, reject }))
  }

  /** Resolves once standard error holds the text. */
  async said(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      if (this.#isOver) throw new Error(`the process had ended without saying ${JSON.stringify(text)}:\n${this.transcript}`)
      await new Promise((resolve) => {
        this.child.stderr?.once('data', resolve)
        this.child.once('close', resolve)
      })
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Writes a line to its standard input: fixtures react to it. */
  tell(word: string): void {
    this.child.stdin?.write(`${word}\n`)
  }

  /** The address of its probes. */
  async probes(): Promise<string> {
    return (await this.line('probes'))['url'] as string
  }

  end(group: boolean): void {
    const { pid } = this.child
    if (pid === undefined || (this.#isOver && !group)) return
    try {
      process.kill(group ? -pid : pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.#take(parse(part))
  }

  #readError(text: string): void {
    this.stderr += text
  }

  #take(line: Line): void {
    this.lines.push(line)
    const hit = this.#waiters.filter(({ matches }) => matches(line))
    this.#waiters = this.#waiters.filter((waiter) => !hit.includes(waiter))
    for (const { resolve } of hit) resolve(line)
  }
}

function parse(text: string): Line {
  try {
    return JSON.parse(text) as Line
  } catch {
    return { time: 0, level: 0, msg: text }
  }
}

/** The messages of a log, those of one service as `address: message`. */
export function story(lines: readonly Line[]): string[] {
  return lines.map(({ service, msg }) => (typeof service === 'string' ? `${service}: ${msg}` : msg))
}

/** The report in the last line of a log. */
export function reportOf(lines: readonly Line[]): Report {
  const line = lines.findLast(({ report }) => report !== undefined)
  if (line === undefined) throw new Error(`no report in:\n${story(lines).join('\n')}`)
  return line['report'] as Report
}

/** Expects these messages in this order, others may lie between them. */
export function expectInOrder(lines: readonly Line[], messages: readonly string[]): void {
  const all = story(lines)
  let from = 0
  const found = messages.filter((message) => {
    const at = all.indexOf(message, from)
    if (at >= 0) from = at + 1
    return at >= 0
  })
  expect(found, `in this order, in:\n${all.join('\n')}`).toEqual(messages)
}

// What the developer's own shell has set must not decide what a daemon does.
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV, NODE_OPTIONS, DYNO, KUBERNETES_SERVICE_HOST, STATE_DIRECTORY, QUIESCE_PRESTOP_TOKEN, npm_lifecycle_event, ...env } =
    process.env
  return env
}

let isChecked = false

/** @throws Error when dist is older than src. */
export function checkBuild(): void {
  if (isChecked) return
  const built = newest(join(ROOT, 'dist'))
  const written = newest(join(ROOT, 'src'))
  if (built === 0) throw new Error('dist/ is missing: the fixtures import the built package. Run: npm run build')
  if (built < written) throw new Error('dist/ is older than src/: the fixtures import the built package. Run: npm run build')
  isChecked = true
}

function newest(folder: string): number {
  try {
    const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
    return Math.max(0, ...entries.map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs))
  } catch {
    return 0
  }
}
