// The ledger of a campaign, in the process of the test: a counter that leaders read when they take over and write on. It refuses what is of
// an older term than it was told, and remembers all that arrived, in the order of arrival, so that everything can be replayed.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** What arrived at the ledger. */
export interface Arrival {
  readonly what: 'seal' | 'write'
  readonly term: number
  readonly writer: string
  /** Of a write: the counter after it. */
  readonly value?: number
  /** Of a seal: the term before has ended in order, as the lease says, and nothing of it was in flight. */
  readonly isAfterStepDown?: boolean
}

/** An arrival, and what became of it. */
export interface Answered extends Arrival {
  readonly isAccepted: boolean
}

/** The counter as a server on a port of its own. */
export class FencedLedger {
  readonly history: Answered[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<{ readonly matches: (one: Answered) => boolean; readonly resolve: (one: Answered) => void }>()
  #sealed = 0
  #value = 0

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Begins to listen; resolves with the port. */
  async open(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return (this.#server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server.close(), 'close')
  }

  /** The latest accepted write. */
  get latest(): Answered | undefined {
    return this.history.findLast(({ what, isAccepted }) => what === 'write' && isAccepted)
  }

  /** The next accepted write that matches. @throws Error when none comes within `limitMs`. */
  nextWrite(why: string, matches: (one: Answered) => boolean, limitMs: number): Promise<Answered> {
    return this.next(why, (one) => one.isAccepted && one.what === 'write' && matches(one), limitMs)
  }

  /** The next arrival that matches. @throws Error when none comes within `limitMs`. */
  next(why: string, matches: (one: Answered) => boolean, limitMs: number): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const found = (one: Answered): void => {
        clearTimeout(timer)
        resolve(one)
      }
      const waiter = { matches, resolve: found }
      const late = (): void => {
        this.#waiting.delete(waiter)
        reject(new Error(`nobody wrote within ${limitMs} ms ${why}`))
      }
      const timer = setTimeout(late, limitMs)
      this.#waiting.add(waiter)
    })
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    const lines = createInterface({ input: socket })
    lines.on('error', () => {})
    lines.on('line', (line) => {
      const { id, ...arrival } = JSON.parse(line) as Arrival & { readonly id: number }
      const isAccepted = this.#take(arrival)
      socket.write(`${JSON.stringify({ id, isAccepted, value: this.#value })}\n`)
    })
  }

  #take(arrival: Arrival): boolean {
    const { what, term, value = 0 } = arrival
    const isAccepted = what === 'seal' ? term >= this.#sealed : term === this.#sealed
    if (isAccepted && what === 'seal') this.#sealed = term
    if (isAccepted && what === 'write') this.#value = value
    const answered = { ...arrival, isAccepted }
    this.history.push(answered)
    for (const waiter of this.#waiting) {
      if (!waiter.matches(answered)) continue
      this.#waiting.delete(waiter)
      waiter.resolve(answered)
    }
    return isAccepted
  }
}

/** What a replay of the history has found. */
export interface Replay {
  readonly terms: number
  readonly writes: number
  /** How many terms ended in order. */
  readonly handedOver: number
  /** Writes of an older term that arrived after a newer one was sealed, and were refused. */
  readonly staleRefused: number
  /** What must not be, in words. */
  readonly violations: readonly string[]
}

/** Replays what arrived: terms only grow, each has one writer, nothing older is accepted, the counter misses and repeats nothing. */
export function replay(history: readonly Answered[]): Replay {
  const violations: string[] = []
  const holders = new Map<number, string>()
  const over = new Set<number>()
  let [sealed, value, writes, handedOver, staleRefused] = [0, 0, 0, 0, 0]
  for (const [at, one] of history.entries()) {
    const { what, term, writer, isAccepted } = one
    const wrong = (why: string): void => void violations.push(`arrival ${at}, ${what} of term ${term} by ${writer}: ${why}`)
    const holder = holders.get(term)
    if (holder !== undefined && holder !== writer) wrong(`the term is ${holder}'s`)
    holders.set(term, holder ?? writer)
    if (over.has(term)) wrong('it had stepped down with nothing in flight')
    if (what === 'seal' && one.isAfterStepDown) {
      handedOver += 1
      over.add(term - 1)
    }
    if (!isAccepted) {
      if (what === 'write') staleRefused += 1
      continue
    }
    if (term < sealed) wrong(`accepted after term ${sealed} was sealed`)
    sealed = Math.max(sealed, term)
    if (what === 'seal') continue
    writes += 1
    if (one.value !== value + 1) wrong(`it writes ${one.value} after ${value}`)
    value = one.value ?? value
  }
  return { terms: holders.size, writes, handedOver, staleRefused, violations }
}
