// A daemon as a real process: its log as parsed lines that can be awaited, signals, standard error, how it ended, and its report. A
// process that was started here never outlives the one that started it, unless that one is killed outright.
import type { ChildProcess } from 'node:child_process'
import { formatMs } from '../base/duration.js'
import type { Report } from '../policy/report.js'

/** One line of a daemon's log; a line that is no JSON has its text as `msg`. */
export interface LogLine {
  /** Milliseconds since 1970; 0 for a line that is no JSON. */
  readonly time: number
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** How a process ended. */
export interface DaemonEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly LogLine[]
  readonly stderr: string
}

/** How a process is watched. */
export interface Watching {
  /** It leads a process group of its own, which ends with it. */
  readonly isGroup?: boolean
  /** How long a line is waited for. Default: for ever. */
  readonly patienceMs?: number
}

interface Waiter {
  readonly matches: (line: LogLine) => boolean
  readonly resolve: (line: LogLine) => void
  readonly reject: (error: Error) => void
}

/** Those that run, so that they end with this process. */
const living = new Set<DaemonProcess>()

function endAll(): void {
  for (const daemon of living) daemon.kill()
}

/** A running daemon. */
export class DaemonProcess implements AsyncDisposable {
  readonly child: ChildProcess
  /** Its log so far. */
  readonly lines: LogLine[] = []
  /** Resolves when the process is gone and all that it said has been read. */
  readonly exited: Promise<DaemonEnd>
  /** Its standard error so far. */
  stderr = ''
  readonly #isGroup: boolean
  readonly #patienceMs: number
  #rest = ''
  #isOver = false
  #waiters: Waiter[] = []

  constructor(child: ChildProcess, { isGroup = false, patienceMs = Number.POSITIVE_INFINITY }: Watching = {}) {
    this.child = child
    this.#isGroup = isGroup
    this.#patienceMs = patienceMs
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(this.#over(code, signal))))
    child.once('error', (error) => this.#failed(error))
    if (living.size === 0) process.on('exit', endAll)
    living.add(this)
  }

  /** All that it said, for error messages. */
  get transcript(): string {
    return `${this.lines.map((line) => JSON.stringify(line)).join('\n')}\n${this.stderr}`
  }

  /**
   * The first line, past or future, that matches: by its message, or by a predicate.
   * @throws Error with all that it said, when it ends without that line or does not say it in time.
   */
  line(which: string | ((line: LogLine) => boolean)): Promise<LogLine> {
    const matches = typeof which === 'string' ? (line: LogLine) => line.msg === which : which
    const known = this.lines.find(matches)
    if (known !== undefined) return Promise.resolve(known)
    const what = typeof which === 'string' ? JSON.stringify(which) : 'the awaited line'
    if (this.#isOver) return Promise.reject(new Error(`the process had ended without ${what}:\n${this.transcript}`))
    return new Promise((resolve, reject) => this.#await({ matches, resolve, reject }, what))
  }

  #await({ matches, resolve, reject }: Waiter, what: string): void {
    const late = (): void => {
      this.#waiters = this.#waiters.filter((one) => one !== waiter)
      reject(new Error(`the process did not say ${what} within ${formatMs(this.#patienceMs)}; it said:\n${this.transcript}`))
    }
    const timer = this.#patienceMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(late, this.#patienceMs)
    const waiter: Waiter = {
      matches,
      resolve: (line) => {
        clearTimeout(timer)
        resolve(line)
      },
      reject: () => {
        clearTimeout(timer)
        reject(new Error(`the process has ended without ${what}:\n${this.transcript}`))
      },
    }
    this.#waiters.push(waiter)
  }

  /** Resolves once standard error holds the text. @throws Error when it ends without it. */
  async said(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      if (this.#isOver) throw new Error(`the process had ended without saying ${JSON.stringify(text)}:\n${this.transcript}`)
      await new Promise((resolve) => {
        this.child.stderr?.once('data', resolve)
        this.child.once('close', resolve)
      })
    }
  }

  /** Resolves when the daemon says that it is ready. */
  async ready(): Promise<LogLine> {
    return await this.line(({ msg, tookMs }) => msg.endsWith(' is ready') && tookMs !== undefined)
  }

  /** Where a service says that it listens; by its address, or the first that says so. */
  async url(address?: string): Promise<string> {
    const line = await this.line(({ msg, service }) => msg === 'listening' && (address === undefined || service === address))
    return line['url'] as string
  }

  /** The address of its probes. */
  async probes(): Promise<string> {
    return (await this.line('probes'))['url'] as string
  }

  /** The report of its stop, when it has ended. @throws Error with all that it said, when it ended without one. */
  get report(): Promise<Report> {
    return this.exited.then(({ lines }) => {
      const line = lines.findLast(({ report }) => report !== undefined)
      if (line === undefined) throw new Error(`the process ended without a report:\n${this.transcript}`)
      return line['report'] as Report
    })
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Writes a line to its standard input. */
  tell(word: string): void {
    this.child.stdin?.write(`${word}\n`)
  }

  /** Ends it by force, if it still runs, with its process group. */
  kill(): void {
    const { pid } = this.child
    if (pid === undefined || (this.#isOver && !this.#isGroup)) return
    try {
      process.kill(this.#isGroup ? -pid : pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  /** Ends it by force, if it still runs, and resolves when it is gone. */
  end(): Promise<DaemonEnd> {
    this.kill()
    return this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  #over(code: number | null, signal: NodeJS.Signals | null): DaemonEnd {
    this.#isOver = true
    if (this.#rest !== '') this.#take(parse(this.#rest))
    living.delete(this)
    if (living.size === 0) process.off('exit', endAll)
    for (const { reject } of this.#waiters) reject(new Error('ended'))
    return { code, signal, lines: this.lines, stderr: this.stderr }
  }

  // It could not be started, or a signal could not be sent.
  #failed(error: Error): void {
    this.stderr += `${error.message}\n`
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.#take(parse(part))
  }

  #take(line: LogLine): void {
    this.lines.push(line)
    const hit = this.#waiters.filter(({ matches }) => matches(line))
    this.#waiters = this.#waiters.filter((waiter) => !hit.includes(waiter))
    for (const { resolve } of hit) resolve(line)
  }
}

function parse(text: string): LogLine {
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line === 'object' && line !== null && 'msg' in line) return line as LogLine
  } catch {
    // Somebody printed text.
  }
  return { time: 0, level: 0, msg: text }
}
