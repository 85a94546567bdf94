// A program at a real pseudo-terminal, made by util-linux's `script`: what it draws, keys, sizes, and in what state it leaves the terminal.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { PROGRAM } from './program.js'

const found = process.platform === 'linux' && spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux')
/** Whether tests at a terminal are to be skipped; with CI=true they run, and fail. */
export const skipsTerminal = !found && process.env['CI'] !== 'true'
if (skipsTerminal) process.stdout.write('No `script` of util-linux here, so nothing is tested at a terminal: apt-get install bsdutils\n')

// Which process it is, and a defect on demand.
const PRELOAD = `
import { writeFileSync } from 'node:fs'
writeFileSync(process.env.PID_FILE, String(process.pid))
process.on('SIGUSR2', () => { throw new Error('a defect of its own') })
`

/** How it is started. */
export interface PtyOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly columns: number
  readonly rows: number
}

/** What is at the terminal. */
export class Pty {
  /** All that was written to the terminal. */
  output = ''
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #pidFile: string
  #isOver = false

  constructor(args: readonly string[], { cwd, env, columns, rows }: PtyOptions) {
    this.#pidFile = join(cwd, 'top.pid')
    const preload = join(cwd, 'preload.mjs')
    writeFileSync(preload, PRELOAD)
    const command = [process.execPath, '--import', preload, PROGRAM, ...args].map((word) => `'${word}'`).join(' ')
    // What it says at the end: the exit code, and whether lines are edited and shown again as they are typed.
    const shell = `echo "tty=$(tty)"; stty cols ${columns} rows ${rows}; ${command}; echo "exit=$?"; stty -a`
    const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env
    const whole = { ...inherited, TERM: 'xterm-256color', PID_FILE: this.#pidFile, SHELL: '/bin/sh', ...env }
    this.#child = spawn('script', ['-qfec', shell, '/dev/null'], { cwd, env: whole, stdio: 'pipe' })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    this.exited = new Promise((resolve) =>
      this.#child.once('close', () => {
        this.#isOver = true
        resolve()
      }),
    )
    onTestFinished(() => {
      if (!this.#isOver) this.#child.kill('SIGKILL')
    })
  }

  /** The process id of the program itself. */
  get pid(): number {
    return Number(readFileSync(this.#pidFile, 'utf8'))
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  resize(columns: number, rows: number): void {
    const tty = /tty=(\S+)/.exec(this.output)?.[1] ?? ''
    execFileSync('stty', ['-F', tty, 'cols', String(columns), 'rows', String(rows)])
  }

  /** The last whole picture, line by line. */
  get screen(): string[] {
    const picture = this.output.split('\u001b[?2026h\u001b[H').at(-1)?.split('\u001b[?2026l')[0] ?? ''
    return plain(picture).split(/\r+\n/)
  }

  /** What stands on the normal screen when the alternate one has been left. */
  get afterwards(): string {
    return plain(this.output.split('\u001b[?1049l').at(-1) ?? '').replace(/\r+\n/g, '\n')
  }

  /** Resolves when something is so. @throws Error with all that was written, when it ends before. */
  async until(isSo: (pty: this) => boolean): Promise<void> {
    while (!isSo(this)) {
      if (this.#isOver) throw new Error(`it ended before:\n${JSON.stringify(this.output.slice(-4_000))}`)
      await Promise.race([new Promise((resolve) => this.#child.stdout?.once('data', resolve)), this.exited])
    }
  }
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: sequences of the terminal.
  return text.replace(/\u001b\[[?0-9;]*[A-Za-z]/g, '')
}
