// The whole terminal, borrowed: the alternate screen without a cursor, keys as they are pressed. It is given back as it was on every way
// out, and only once.
import { type Key, readKeys } from './keys.js'

/** The terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
}

/** What happens at it. */
export interface ScreenEvents {
  key(key: Key): void
  /** The size has changed, or the screen is ours again: everything is to be drawn. */
  resized(): void
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
// A terminal that knows it shows all of a picture at once; others pass it over.
const BEGIN = '\u001b[?2026h\u001b[H'
const END = '\u001b[?2026l'
const UNREAD_AT_MOST = 64 * 1_024

/** The borrowed terminal. */
export class Screen {
  readonly #terminal: Terminal
  readonly #events: ScreenEvents
  #isOurs = false
  #shown = ''
  readonly #onData = (text: string): void => {
    for (const key of readKeys(text)) key === 'suspend' ? this.#suspend() : this.#events.key(key)
  }
  readonly #onResize = (): void => {
    this.#shown = ''
    this.#events.resized()
  }
  readonly #onContinue = (): void => {
    this.#enter()
    this.#onResize()
  }
  readonly #onEnd = (): void => this.#leave()

  constructor(terminal: Terminal, events: ScreenEvents) {
    this.#terminal = terminal
    this.#events = events
    const { input, output } = terminal
    if (input.isTTY) input.setEncoding('utf8').on('data', this.#onData)
    output.on('resize', this.#onResize)
    process.on('SIGCONT', this.#onContinue)
    // An error of our own is told after that, where it can be read.
    process.on('uncaughtExceptionMonitor', this.#onEnd)
    process.on('exit', this.#onEnd)
    this.#enter()
  }

  get rows(): number {
    return this.#terminal.output.rows ?? 24
  }

  get columns(): number {
    return this.#terminal.output.columns ?? 80
  }

  /** Shows lines, as many as there is room for. Who reads too slowly misses pictures, not the last one. */
  draw(lines: readonly string[]): void {
    const { output } = this.#terminal
    if (!this.#isOurs || output.writableLength > UNREAD_AT_MOST) return
    const text = Array.from({ length: this.rows }, (_, at) => lines[at] ?? '')
      // Before each, the empty ones too: behind a line that fills the width, its last column would be erased.
      .map((line) => `\u001b[K${line}`)
      .join('\r\n')
    if (text === this.#shown) return
    this.#shown = text
    output.write(`${BEGIN}${text}${END}`)
  }

  /** Gives the terminal back. */
  close(): void {
    const { input, output } = this.#terminal
    this.#leave()
    input.off('data', this.#onData)
    input.pause()
    output.off('resize', this.#onResize)
    process.off('SIGCONT', this.#onContinue)
    process.off('uncaughtExceptionMonitor', this.#onEnd)
    process.off('exit', this.#onEnd)
  }

  #enter(): void {
    if (this.#isOurs) return
    this.#isOurs = true
    const { input, output } = this.#terminal
    if (input.isTTY) input.setRawMode(true).resume()
    output.write(ENTER)
  }

  // Writing to a terminal is synchronous.
  #leave(): void {
    if (!this.#isOurs) return
    this.#isOurs = false
    const { input, output } = this.#terminal
    if (input.isTTY) input.setRawMode(false)
    output.write(LEAVE)
  }

  #suspend(): void {
    this.#leave()
    process.kill(process.pid, 'SIGTSTP')
  }
}
