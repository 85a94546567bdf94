// `quiesce top`: a daemon as it lives, until somebody has seen enough or it has ended. On a terminal it fills the screen and leaves it
// as it was; elsewhere it prints one picture, or, as JSON, every frame.

import { Recording } from '../observe/picture/recording.js'
import { explainStop } from '../observe/report/explain-stop.js'
import { drawTimeline } from '../observe/report/timeline.js'
import type { Frame } from '../observe/watch/frames.js'
import type { Report } from '../policy/report.js'
import { chooseDaemon, type Wanted } from './daemons/choose.js'
import { DaemonClient } from './daemons/client.js'
import { DaemonError } from './daemons/daemon-error.js'
import { heartbeat } from './daemons/heartbeat.js'
import { paint, type Surface } from './paint.js'
import { reviveBudget } from './report-lines.js'
import { wrap } from './text.js'
import { FIRST_LOOK, type Look, lookAfter } from './top/look.js'
import { Screen, type Terminal } from './top/screen.js'
import { type Drawn, drawTop } from './top/view.js'

/** What is to be watched. */
export interface TopRequest extends Wanted {
  readonly timeoutMs: number
  readonly json: boolean
}

/** Where it is shown. */
export interface Shown extends Terminal {
  readonly env: NodeJS.ProcessEnv
  readonly surface: () => Surface
  note(text: string): void
}

/** What is printed at the end, and the exit code. */
export interface Ended {
  readonly text: string
  readonly code: number
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
// Facts that are remembered.
const FACTS = 5_000
/** Not more often than that; and as often as that while nothing is told, since time goes on. */
const DRAW_MS = 50
const TICK_MS = 500
const PLAIN = { columns: 80, rows: 50 }

/** Watches until it is over. @throws DaemonError */
export async function topCommand(request: TopRequest, shown: Shown): Promise<Ended> {
  const { daemon, notes } = await chooseDaemon(request, shown.env)
  for (const note of notes) shown.note(note)
  const client = new DaemonClient(daemon, request.timeoutMs)
  if (request.json) return await printFrames(client, shown.output)
  if (!shown.output.isTTY) return await printPicture(client, shown.surface())
  return await new Top(client, shown).watch()
}

// What is a recording at the same time: `quiesce inspect` opens it.
async function printFrames(client: DaemonClient, output: NodeJS.WriteStream): Promise<Ended> {
  const over = new AbortController()
  // Whoever reads may have enough.
  output.once('error', () => over.abort())
  for await (const frame of client.events(over.signal)) {
    if (!output.write(`${JSON.stringify(frame)}\n`)) await new Promise((resolve) => output.once('drain', resolve))
  }
  return { text: '', code: 0 }
}

async function printPicture(client: DaemonClient, surface: Surface): Promise<Ended> {
  const over = new AbortController()
  const recording = new Recording(FACTS)
  const state = await client.state()
  recording.take(state)
  over.abort()
  const picture = recording.live
  if (picture === undefined) throw new DaemonError(`${client.daemon.name} has told nothing`)
  const columns = Number.isFinite(surface.width) ? surface.width : PLAIN.columns
  const look: Look = { ...FIRST_LOOK }
  const { lines } = drawTop({ picture, facts: [], now: picture.at, trouble: undefined, look }, { ...PLAIN, columns })
  const body = lines.slice(0, -1).map((line) => paint(line, { ...surface, width: columns }))
  return { text: `${body.join('\n').trimEnd()}\n`, code: 0 }
}

/** One look at one daemon, on a terminal. */
class Top {
  readonly #client: DaemonClient
  readonly #shown: Shown
  readonly #recording = new Recording(FACTS)
  readonly #over = new AbortController()
  #screen: Screen | undefined
  #look = FIRST_LOOK
  #drawn: Drawn = { lines: [], page: 1, count: 0 }
  #trouble: string | undefined
  #heardAt = 0
  #pending: NodeJS.Timeout | undefined
  /** Why it ended, when it was not the daemon. */
  #quit: number | undefined

  constructor(client: DaemonClient, shown: Shown) {
    this.#client = client
    this.#shown = shown
  }

  async watch(): Promise<Ended> {
    const frames = this.#client.events(this.#over.signal)
    // Before the screen is taken: what is wrong with the daemon is told where it can be read.
    const first = await frames.next()
    if (first.done === true) throw new DaemonError(`${this.#client.daemon.name} ended before it had said anything`)
    this.#take(first.value)
    const forget = this.#listen()
    const tick = setInterval(() => this.#draw(), TICK_MS)
    let broken: unknown
    try {
      this.#screen = new Screen(this.#shown, {
        key: (key) => (key === 'quit' ? this.#end(0) : this.#lookAt(lookAfter(this.#look, key, this.#drawn))),
        resized: () => this.#draw(),
      })
      this.#draw()
      for await (const frame of frames) this.#take(frame)
    } catch (error) {
      broken = error
    } finally {
      clearInterval(tick)
      clearTimeout(this.#pending)
      forget()
      this.#screen?.close()
    }
    if (this.#quit !== undefined) return { text: '', code: this.#quit }
    if (broken !== undefined && !(broken instanceof DaemonError)) throw broken
    return this.#farewell()
  }

  #listen(): () => void {
    const signals = Object.entries(SIGNALS).map(([name, code]) => [name, () => this.#end(code)] as const)
    for (const [name, listener] of signals) process.on(name, listener)
    // The terminal itself is gone.
    const { output } = this.#shown
    const gone = (): void => this.#end(SIGNALS.SIGHUP)
    output.on('error', gone)
    const stop = heartbeat(this.#client, (trouble) => {
      this.#trouble = trouble
      this.#draw()
    })
    return () => {
      for (const [name, listener] of signals) process.off(name, listener)
      output.off('error', gone)
      stop()
    }
  }

  #end(code: number): void {
    this.#quit ??= code
    this.#over.abort()
  }

  #lookAt(look: Look): void {
    this.#look = look
    this.#draw()
  }

  #take(frame: Frame): void {
    this.#recording.take(frame)
    if (frame.type === 'state') this.#heardAt = performance.now()
    this.#pending ??= setTimeout(() => this.#draw(), DRAW_MS)
  }

  #draw(): void {
    clearTimeout(this.#pending)
    this.#pending = undefined
    const screen = this.#screen
    const picture = this.#recording.live
    if (screen === undefined || picture === undefined) return
    const now = Math.max(picture.at, picture.state.at + (performance.now() - this.#heardAt))
    const size = { columns: screen.columns, rows: screen.rows }
    const facts = this.#recording.facts.all
    this.#drawn = drawTop({ picture, facts, now, trouble: this.#trouble, look: this.#look }, size)
    const surface = this.#shown.surface()
    screen.draw(this.#drawn.lines.map((line) => paint(line, surface)))
  }

  // On the normal screen, where it stays.
  #farewell(): Ended {
    const report = this.#recording.live?.report
    if (report !== undefined) return { text: endOf(reviveBudget(report)), code: 0 }
    const surface = this.#shown.surface()
    const last = this.#drawn.lines.slice(0, -1).map((line) => paint(line, surface))
    const { pid, name } = this.#client.daemon
    const words = `${name} is gone without a farewell: its process${pid === undefined ? '' : ` (${pid})`} was killed, or has crashed. Above is how it was last.`
    return { text: `${last.join('\n').trimEnd()}\n\n${wrap(words).join('\n')}\n`, code: 1 }
  }
}

function endOf(report: Report): string {
  return `${drawTimeline(report)}\n\n${wrap(explainStop(report)).join('\n')}\n`
}
