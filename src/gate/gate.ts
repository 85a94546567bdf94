// Admission: work is accepted by handing out a permit and is in flight until the permit comes back. Refusing costs nothing.
import { isPromiseLike } from '../base/disposer.js'
import { AtCapacityError, DrainingError } from '../base/errors.js'

/** What a gate is made with. */
export interface GateOptions {
  /** How many permits may be out at once. Default: no limit. */
  readonly capacity?: number
}

/**
 * One admitted unit of work. Release it exactly once; a second release does nothing, so it can never free another's.
 * `using permit = …` releases it at the end of the block.
 */
export class Permit implements Disposable {
  #gate: Gate | undefined

  /** @internal Permits come from a gate. */
  constructor(gate: Gate) {
    this.#gate = gate
  }

  /** Whether it is still held. */
  get held(): boolean {
    return this.#gate !== undefined
  }

  /** Gives the permit back: this unit of work is over. */
  release(): void {
    const gate = this.#gate
    if (gate === undefined) return
    this.#gate = undefined
    gate.giveBack()
  }

  /**
   * A permit for work that this work creates. It is granted while this one is held, also while the gate drains and beyond its
   * capacity: finishing accepted work must not fail for want of a permit. `undefined` once this permit was released.
   */
  follow(): Permit | undefined {
    return this.#gate?.follow()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** Hands out permits up to its capacity until it is closed. */
export class Gate {
  readonly capacity: number
  readonly #address: string
  #inFlight = 0
  #open = true
  #whenIdle: (() => void)[] = []

  constructor(options: GateOptions = {}, address = 'gate') {
    const { capacity = Number.POSITIVE_INFINITY } = options
    if (!(capacity >= 1 && (Number.isInteger(capacity) || capacity === Number.POSITIVE_INFINITY)))
      throw new RangeError(`${address}: a gate's capacity must be a whole number, 1 or more, got ${capacity}`)
    this.capacity = capacity
    this.#address = address
  }

  /** How many permits are out. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether `tryEnter` would succeed now. */
  isReady(): boolean {
    return this.#open && this.#inFlight < this.capacity
  }

  /** A permit, or `undefined` when the gate is closed or at its capacity. */
  tryEnter(): Permit | undefined {
    if (!this.#open || this.#inFlight >= this.capacity) return undefined
    this.#inFlight += 1
    return new Permit(this)
  }

  /**
   * Runs `fn` while holding a permit.
   * @throws DrainingError (ERR_DRAINING) when closed, AtCapacityError (ERR_AT_CAPACITY) when full; in both cases `fn` was not called.
   */
  async run<T>(fn: (permit: Permit) => T | PromiseLike<T>): Promise<T> {
    const permit = this.tryEnter()
    if (permit === undefined) throw this.#open ? new AtCapacityError(this.#address, this.capacity) : new DrainingError(this.#address)
    try {
      return await fn(permit)
    } finally {
      permit.release()
    }
  }

  /** Closes the gate and resolves when no permit is out. */
  drain(): Promise<void> {
    this.close()
    return new Promise((resolve) => this.whenIdle(resolve))
  }

  /** Refuses new work from now on. */
  close(): void {
    this.#open = false
  }

  /** Calls `fn` once no permit is out: at once if that is so already. */
  whenIdle(fn: () => void): void {
    if (this.#inFlight === 0) fn()
    else this.#whenIdle.push(fn)
  }

  /** @internal For permits. */
  follow(): Permit {
    this.#inFlight += 1
    return new Permit(this)
  }

  /** @internal For permits. */
  giveBack(): void {
    this.#inFlight -= 1
    if (this.#inFlight > 0 || this.#whenIdle.length === 0) return
    const waiting = this.#whenIdle
    this.#whenIdle = []
    for (const fn of waiting) fn()
  }
}

/** An answer that is still being made. Its permit comes back once it has been delivered: nothing may end between the two. */
export class PendingAnswer {
  readonly #answer: PromiseLike<unknown>
  readonly #permit: Permit

  constructor(answer: PromiseLike<unknown>, permit: Permit) {
    this.#answer = answer
    this.#permit = permit
  }

  deliver(resolve: (answer: unknown) => void, reject: (error: unknown) => void): void {
    const thenRelease =
      (deliver: (what: unknown) => void) =>
      (what: unknown): void => {
        deliver(what)
        this.#permit.release()
      }
    this.#answer.then(thenRelease(resolve), thenRelease(reject))
  }
}

/** Calls `fn` while holding a permit. Answers as `fn` does, with a `PendingAnswer` in place of a promise. */
export function holding(permit: Permit, fn: () => unknown): unknown {
  let answer: unknown
  try {
    answer = fn()
  } finally {
    if (!isPromiseLike(answer)) permit.release()
  }
  return isPromiseLike(answer) ? new PendingAnswer(answer, permit) : answer
}

/**
 * Admission on its own; inside a service use `ctx.gate`, so that the report knows what is in flight.
 *
 * @example
 * ```ts
 * import { gate } from 'quiesce'
 *
 * const printer = gate({ capacity: 1 })
 * const permit = printer.tryEnter()
 * console.log(printer.tryEnter()) // undefined
 * permit?.release()
 * console.log(await printer.run(() => 'printed')) // printed
 * await printer.drain()
 * console.log(printer.isReady()) // false
 * ```
 */
export function gate(options: GateOptions = {}): Gate {
  return new Gate(options)
}
