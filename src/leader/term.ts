// One term as its leader sees it: valid until its validity runs out by our own clock, whatever a flag or a timer says. What is run
// through it is in flight until it has settled, and the lease is not given back before.
import type { Clock } from '../base/clock.js'
import { type Duration, parseDuration } from '../base/duration.js'
import { StaleTermError } from '../base/leadership-errors.js'
import { show } from '../protocol/spec.js'
import type { Awaitable } from '../tree/service.js'

/** A resource that refuses what comes of older terms, once it was told of a newer one. */
export interface Fence {
  /** For people. */
  readonly name: string
  /**
   * Tells it of the term; must resolve only when it will accept nothing older. It may also make sure of that by force: kill the process
   * or the pod of the leader before, and wait until it is gone.
   */
  readonly seal: (term: { readonly value: bigint; readonly token: string; readonly signal: AbortSignal }) => unknown
}

/** A term of leading. */
export interface Term {
  /** The fencing token: grows with every grant, never falls. */
  readonly value: bigint
  /** The same as text that sorts like the number, for stores that compare text. */
  readonly token: string
  /** Aborted when the term must not be used any more: with `LeaseLostError`, or with `StaleTermError` when all of it had ended in order. */
  readonly signal: AbortSignal
  /** For how long it may be used, in milliseconds, as things stand; 0 when it is over. */
  remainingMs(): number
  /**
   * While the child is being made, in `child`: a resource that can be told of this term and refuses smaller ones from then on. With one
   * or more registered, `takeoverGrace` is not waited for, since it is not known what else the child writes to. What cannot be sealed
   * beside them is waited for in `recover`, or all of it by `takeoverGrace`, with nothing registered.
   * @throws TypeError for what is no fence, and once the child is made: nothing would seal it.
   */
  registerFence(fence: Fence): void
  /**
   * Call it after the last `await`, in the same turn in which a guarded request is sent: a process that was stopped for a while goes on
   * after an `await` as if nothing had happened. `minMs`: how much must be left, such as the request's own timeout. Default 0.
   * @throws StaleTermError (ERR_STALE_TERM)
   */
  assert(minMs?: number): void
  /**
   * Runs guarded work: in flight until its promise settles, and the lease is not given back before. Its signal is aborted with the
   * term, and after `timeout`.
   * @throws StaleTermError (ERR_STALE_TERM) before the attempt.
   */
  run<T>(name: string, fn: (signal: AbortSignal) => Awaitable<T>, options?: { readonly timeout?: Duration }): Promise<T>
}

interface Options {
  readonly address: string
  readonly value: bigint
  readonly clock: Clock
  /** Looks whether time has passed that the clock did not count. */
  readonly checkClock: () => void
  /** Something that ran has settled. */
  readonly settled: () => void
}

/** What was run through a term and has not settled. */
interface Running {
  readonly name: string
  readonly abort: AbortController
}

const LONGEST_TERM = 20

/** The term that its leader holds. */
export class HeldTerm implements Term {
  readonly #options: Options
  readonly #abort = new AbortController()
  readonly #running = new Set<Running>()
  readonly fences: Fence[] = []
  #isMade = false
  #validUntil = 0
  #isOver = false

  constructor(options: Options) {
    this.#options = options
  }

  get value(): bigint {
    return this.#options.value
  }

  get token(): string {
    return String(this.value).padStart(LONGEST_TERM, '0')
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The names of what runs. */
  get running(): readonly string[] {
    return [...this.#running].map(({ name }) => name)
  }

  /** How much runs. */
  get inFlight(): number {
    return this.#running.size
  }

  registerFence(fence: Fence): void {
    const { name, seal } = Object(fence) as Partial<Fence>
    const where = `${this.#options.address}: the fence ${String(name)} of term ${this.value}`
    if (typeof seal !== 'function') throw new TypeError(`${where} has no function \`seal\` that tells the resource of the term.`)
    if (this.#isMade)
      throw new TypeError(
        `${where} was registered after the child was made: nothing would seal it. Register it in \`child\`, before that returns.`,
      )
    this.fences.push(fence)
  }

  remainingMs(): number {
    this.#options.checkClock()
    return this.#isOver ? 0 : Math.max(0, this.#validUntil - this.#options.clock.now())
  }

  assert(minMs = 0): void {
    if (typeof minMs !== 'number' || Number.isNaN(minMs))
      throw new TypeError(`${this.#options.address}: term.assert(${show(minMs)}): not a number of milliseconds`)
    const remainingMs = this.remainingMs()
    if (remainingMs > 0 && remainingMs >= minMs) return
    throw new StaleTermError(this.#options.address, this.value, remainingMs, minMs)
  }

  async run<T>(name: string, fn: (signal: AbortSignal) => Awaitable<T>, options: { readonly timeout?: Duration } = {}): Promise<T> {
    const timeoutMs = parseDuration(options.timeout ?? Number.POSITIVE_INFINITY)
    if (timeoutMs === undefined) throw new TypeError(`term.run(${name}, { timeout: ${String(options.timeout)} }): not a duration`)
    if (typeof fn !== 'function') throw new TypeError(`term.run(${show(name)}, …): the second argument is not a function`)
    this.assert()
    const own = new AbortController()
    if (this.signal.aborted) own.abort(this.signal.reason)
    const overdue = (): void => own.abort(new DOMException(`${name} took longer than ${timeoutMs} ms`, 'TimeoutError'))
    const timer = this.#options.clock.after(timeoutMs, overdue)
    const running = { name, abort: own }
    this.#running.add(running)
    try {
      return await fn(own.signal)
    } finally {
      timer.cancel()
      this.#running.delete(running)
      this.#options.settled()
    }
  }

  // --- for its leader

  /** Its child is made. */
  made(): void {
    this.#isMade = true
  }

  /** It may be used until then. */
  extend(validUntil: number): void {
    this.#validUntil = validUntil
  }

  /** It must not be used any more. */
  invalidate(): void {
    this.#isOver = true
  }

  /** It is over in order: nothing runs, and who waits for its end is told. */
  conclude(): void {
    this.invalidate()
    if (!this.signal.aborted) this.#abort.abort(new StaleTermError(this.#options.address, this.value, 0, 0))
  }

  /** Whatever runs must end. */
  abort(reason: Error): void {
    this.#abort.abort(reason)
    // Told one by one: a term runs more than the ten that may listen to a signal before Node warns of a leak.
    for (const { abort } of this.#running) abort.abort(reason)
  }
}
