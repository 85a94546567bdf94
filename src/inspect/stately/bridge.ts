// Shows a running tree to Stately's inspector. Whoever is there at the other end is first shown all that lives, on every connection; as
// long as nobody is, nobody is watched and nothing is kept. It ends with the tree, and never keeps the process alive.
import { Dialled } from '../../adapters/ws-dial.js'
import type { InspectionEvent } from '../../kernel/tap.js'
import type { System } from '../../tree/system.js'
import { frameOf, goneFrame, type SnapshotFrame, type StatelyFrame } from './frames.js'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 5_000
/** How long the last frames are waited for. */
const GOODBYE_MS = 250
/** As many are kept for one who never says what has arrived. */
const MOST_ENDS = 10_000
/** More than this unsent, and the rest is left out until all of it is gone. */
const MOST_UNSENT_BYTES = 4_000_000

/** The connection to a Stately inspector. */
export interface StatelyBridge {
  /** Whether an inspector is there. */
  readonly connected: boolean
  /** Shows all that lives once more: for somebody who opened the inspector late, since Stately's relay keeps 200 frames. */
  resend(): void
  /** Ends it, with the last frames; it ends by itself when the tree has. */
  close(): Promise<void>
}

/** Where frames go. */
interface Outlet {
  readonly unsentBytes: number
  send(frame: StatelyFrame): void
  /** Calls `fn` when all that was sent has arrived. */
  whenReceived(fn: () => void): void
  hangUp(limitMs: number): Promise<void>
}

/** What a bridge is made with. */
export interface BridgePlan {
  readonly withPayload: boolean
  /** Hears why nobody is there, once each time that it becomes so. */
  readonly onError: (error: Error) => void
}

/** A bridge. */
export class Bridge implements StatelyBridge {
  readonly #system: Pick<System, 'inspect' | 'ended'>
  readonly #plan: BridgePlan
  #outlet: Outlet | undefined
  #isOpen = false
  /** The wish to hear of what happens; undefined while nobody is there, or while too much is unsent. */
  #unwatch: (() => void) | undefined
  #isBehind = false
  /** The present state is sent whole, however much that is. */
  #isShowing = false
  /** Those that the inspector takes to be alive, with the id of their root. */
  #alive = new Map<string, string>()
  /** The ends of which the inspector may not have heard: a connection that is lost takes with it what was on its way. */
  readonly #ends = new Map<string, SnapshotFrame>()
  #isAsking = false
  #retryMs = FIRST_RETRY_MS
  #retry: NodeJS.Timeout | undefined
  #isTold = false
  #closing: Promise<void> | undefined

  constructor(system: Pick<System, 'inspect' | 'ended'>, plan: BridgePlan) {
    this.#system = system
    this.#plan = plan
    void system.ended().then(() => this.#treeEnded())
  }

  get connected(): boolean {
    return this.#isOpen
  }

  // --- the other end

  /** Sends to an inspector that is there already, and whose end is somebody else's business. */
  attach(send: (frame: StatelyFrame) => void): this {
    this.#outlet = { unsentBytes: 0, send, whenReceived: queueMicrotask, hangUp: async () => {} }
    this.#opened()
    return this
  }

  /** Connects, and connects again whenever the connection is lost. @throws SyntaxError, Error as `Dialled` does. */
  dial(url: string): this {
    const line = new Dialled(url, 'statelyBridge', {
      opened: () => this.#opened(),
      ended: (error) => this.#ended(url, error),
      drained: () => this.#drained(),
    })
    this.#outlet = {
      get unsentBytes() {
        return line.unsentBytes
      },
      send: (frame) => line.send(JSON.stringify(frame)),
      whenReceived: (fn) => line.whenReceived(fn),
      hangUp: (limitMs) => line.hangUp(limitMs),
    }
    return this
  }

  #opened(): void {
    this.#isOpen = true
    this.#isTold = false
    this.#retryMs = FIRST_RETRY_MS
    this.#show()
  }

  #ended(url: string, error: Error | undefined): void {
    this.#isOpen = false
    this.#isBehind = false
    this.#isAsking = false
    this.#look(undefined)
    if (this.#closing !== undefined) return
    if (!this.#isTold) {
      this.#isTold = true
      const why = error === undefined ? 'the connection was closed' : error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
      this.#plan.onError(
        new Error(`no inspector at ${shownUrl(url)}: ${why}; it is tried again until the tree has ended`, { cause: error }),
      )
    }
    this.#retry = setTimeout(() => this.dial(url), this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
  }

  // --- what it is shown

  /** All that lives, and that the others have ended; from then on what happens. */
  #show(): void {
    const before = this.#alive
    this.#alive = new Map()
    this.#isShowing = true
    this.#look(this.#system.inspect((event) => this.#hear(event)))
    this.#isShowing = false
    this.#bury(before)
    for (const frame of this.#ends.values()) this.#outlet?.send(frame)
  }

  #bury(known: ReadonlyMap<string, string>): void {
    for (const [sessionId, rootId] of known) if (!this.#alive.has(sessionId)) this.#note(goneFrame(sessionId, rootId))
  }

  #look(unwatch: (() => void) | undefined): void {
    this.#unwatch?.()
    this.#unwatch = unwatch
  }

  #hear(event: InspectionEvent): void {
    const frame = frameOf(event, this.#plan.withPayload)
    if (frame === undefined || this.#outlet === undefined) return
    this.#outlet.send(frame)
    if (frame.type === '@xstate.snapshot') this.#note(frame)
    if (!this.#isShowing && this.#outlet.unsentBytes > MOST_UNSENT_BYTES) this.#fallBehind()
  }

  #note(frame: SnapshotFrame): void {
    const { sessionId, rootId, snapshot } = frame
    if (snapshot.status === 'active') return void this.#alive.set(sessionId, rootId)
    this.#alive.delete(sessionId)
    this.#ends.set(sessionId, frame)
    if (this.#ends.size > MOST_ENDS) this.#ends.delete(this.#ends.keys().next().value ?? '')
    this.#ask()
  }

  #ask(): void {
    if (this.#isAsking || this.#ends.size === 0) return
    this.#isAsking = true
    const asked = [...this.#ends.keys()]
    this.#outlet?.whenReceived(() => {
      this.#isAsking = false
      for (const sessionId of asked) this.#ends.delete(sessionId)
      this.#ask()
    })
  }

  // Whoever reads too slowly is shown the state again instead of every step to it.
  #fallBehind(): void {
    this.#isBehind = true
    this.#look(undefined)
  }

  #drained(): void {
    if (!this.#isBehind || !this.#isOpen) return
    this.#isBehind = false
    this.#show()
  }

  resend(): void {
    if (this.#isOpen && !this.#isBehind) this.#show()
  }

  // --- its end

  // What it did not hear, because too much was unsent, is over as well.
  #treeEnded(): void {
    if (this.#isBehind) for (const [sessionId, rootId] of this.#alive) this.#outlet?.send(goneFrame(sessionId, rootId))
    void this.close()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retry)
    this.#look(undefined)
    await this.#outlet?.hangUp(GOODBYE_MS)
    this.#isOpen = false
  }
}

// Without what may be a password or a token.
function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
