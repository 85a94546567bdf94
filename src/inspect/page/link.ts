// The line to the daemon: server-sent events. A browser reconnects by itself after a break; after an answer that is no stream it gives
// up, and then it is tried again from here, and asked what is wrong.
import type { Frame } from '../../observe/watch/frames.js'

/** How the line is. */
export interface LinkState {
  readonly how: 'connecting' | 'open' | 'lost' | 'refused' | 'over'
  /** What the daemon said when it refused. */
  readonly why?: string | undefined
}

const KINDS = ['state', 'fact', 'gauges', 'dropped'] as const
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 10_000

/** The address of something below the page's own, with the token that the page was opened with. */
export function urlOf(name: string, query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(`${location.pathname.replace(/\/$/, '')}/${name}`, location.href)
  const token = new URLSearchParams(location.search).get('token')
  if (token !== null) url.searchParams.set('token', token)
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
  return url.href
}

/** Hears frames until it is closed. */
export class Link {
  readonly #onFrame: (frame: Frame) => void
  readonly #onState: (state: LinkState) => void
  #source: EventSource | undefined
  #retryMs = FIRST_RETRY_MS
  #retry: ReturnType<typeof setTimeout> | undefined
  #isOver = false

  constructor(onFrame: (frame: Frame) => void, onState: (state: LinkState) => void) {
    this.#onFrame = onFrame
    this.#onState = onState
    this.#onState({ how: 'connecting' })
    this.#connect()
  }

  /** Tries at once, whenever the next attempt would be. */
  retry(): void {
    clearTimeout(this.#retry)
    this.#source?.close()
    this.#onState({ how: 'connecting' })
    this.#connect()
  }

  #connect(): void {
    const source = new EventSource(urlOf('events'))
    this.#source = source
    source.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS
      if (!this.#isOver) this.#onState({ how: 'open' })
    }
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.#hear(event as MessageEvent<string>))
    source.onerror = () => void this.#broken(source)
  }

  #hear(event: MessageEvent<string>): void {
    const frame = JSON.parse(event.data) as Frame
    if (frame.type === 'state') this.#heardState(frame.report !== undefined)
    this.#onFrame(frame)
  }

  // What ends with a report has said all there is; whether the process answers any longer does not matter. One that is started anew does.
  #heardState(isOver: boolean): void {
    const wasOver = this.#isOver
    this.#isOver = isOver
    if (wasOver && !isOver) this.#onState({ how: 'open' })
  }

  async #broken(source: EventSource): Promise<void> {
    this.#onState({ how: this.#isOver ? 'over' : 'lost' })
    if (source.readyState !== EventSource.CLOSED) return
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs)
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
    const why = await refusal()
    if (why === undefined || this.#source !== source) return
    this.#isOver = false
    this.#onState({ how: 'refused', why })
  }
}

// An event source does not tell what it was answered.
async function refusal(): Promise<string | undefined> {
  try {
    const answer = await fetch(urlOf('state'))
    if (answer.ok) return undefined
    const { error } = (await answer.json()) as { readonly error?: string }
    return error ?? `the daemon answers ${answer.status}`
  } catch {
    return undefined
  }
}
