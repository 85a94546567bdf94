// Admission: work is accepted by handing out a permit and is in flight until the permit comes back. Refusing costs nothing, and
// nobody overtakes those who wait: a permit that comes back goes to the first in line before anyone else can ask for it.
import type { Timer } from '../base/clock.js'
import { type Env, plainEnv } from '../base/env.js'
import { AtCapacityError, DeadlineError, DrainingError, NotReadyError } from '../base/errors.js'
import { type EnterOptions, type GateDrainOptions, type GateLimits, type GateOptions, readGateOptions, readMs } from './gate-options.js'
import { HoldTimes } from './hold-times.js'
import { type Issuer, Permit } from './permit.js'
import type { Refusals } from './refusals.js'
import { WaitingLine } from './waiting-line.js'

/** What a gate asks of the world. */
type GateEnv = Pick<Env, 'clock' | 'random'>

/** One permit in so many is measured. */
const SAMPLE = 16
/** What is said while nothing was measured. */
const UNKNOWN_MS = 1_000
const LONGEST_WAIT_MS = 60_000

/** Hands out permits up to its capacity until it is closed. */
export class Gate implements Issuer {
  readonly capacity: number
  readonly #limits: GateLimits
  readonly #readyWhen: (() => boolean) | undefined
  readonly #address: string
  readonly #env: GateEnv
  readonly #refusals: Refusals | undefined
  #inFlight = 0
  #entered = 0
  #open = true
  #line: WaitingLine | undefined
  #times: HoldTimes | undefined
  #whenDrained: (() => void)[] = []
  /** How long a gate that drains waits for what is on its way; undefined while it does not drain. */
  #quietMs: number | undefined
  #quietTimer: Timer | undefined

  /** @internal @throws RangeError when the options make no sense. */
  constructor(options: GateOptions = {}, address = 'gate', env: GateEnv = plainEnv, refusals?: Refusals) {
    this.#refusals = refusals
    this.#limits = readGateOptions(address, options)
    this.#address = address
    this.#readyWhen = options.readyWhen
    this.#env = env
    this.capacity = this.#limits.capacity
  }

  /** How many permits are out. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** How many wait for a permit. */
  get waiting(): number {
    return this.#line?.length ?? 0
  }

  /**
   * In how many milliseconds there is likely to be a place for one more: from the measured rate at which permits come back when
   * all are out, lengthened by up to as much again by chance, so that those who were refused together do not come back together.
   */
  get retryAfterMs(): number {
    const meanMs = this.#times?.meanMs
    const placeMs = meanMs === undefined ? UNKNOWN_MS : ((this.waiting + 1) * meanMs) / this.capacity
    return Math.min(Math.max(1, Math.ceil(placeMs * (1 + this.#env.random()))), LONGEST_WAIT_MS)
  }

  /** 99 of 100 permits are held no longer, in milliseconds (from a sample of one in sixteen); undefined while too few were measured. */
  get holdP99Ms(): number | undefined {
    return this.#times?.p99Ms
  }

  /** Whether `tryEnter` would succeed now. */
  isReady(): boolean {
    return this.#open && this.#inFlight < this.capacity && this.#readyWhen?.() !== false
  }

  /** A permit, or `undefined` when the gate is closed, not ready, or at its capacity. Refusing allocates nothing. */
  tryEnter(): Permit | undefined {
    const permit = this.admit()
    if (permit === undefined) this.countRefusal()
    return permit
  }

  /** @internal As `tryEnter`, for who has something better to do than to refuse. */
  admit(): Permit | undefined {
    if (!this.#open || this.#inFlight >= this.capacity) return undefined
    if (this.#readyWhen?.() === false) return undefined
    this.#inFlight += 1
    return this.#permit()
  }

  /**
   * A permit, now or after waiting in line.
   * @throws AtCapacityError (ERR_AT_CAPACITY) when the line is full too, DrainingError (ERR_DRAINING) when the gate is closed or
   * closes meanwhile, NotReadyError (ERR_NOT_READY); the reason of `signal` when it is aborted.
   */
  async enter({ signal }: EnterOptions = {}): Promise<Permit> {
    signal?.throwIfAborted()
    const permit = this.admit()
    if (permit !== undefined) return permit
    if (!this.hasRoomInLine) throw this.refusal()
    this.#line ??= new WaitingLine()
    return await this.#line.join(signal)
  }

  /**
   * Runs `fn` while holding a permit.
   * @throws as `enter` does; in all these cases `fn` was not called.
   */
  async run<T>(fn: (permit: Permit) => T | PromiseLike<T>, options: EnterOptions = {}): Promise<T> {
    options.signal?.throwIfAborted()
    const permit = this.admit() ?? (await this.enter(options))
    try {
      return await fn(permit)
    } finally {
      permit.release()
    }
  }

  /**
   * Refuses new work (after `quiet`) and those who wait, and resolves when no permit is out.
   * @throws DeadlineError (ERR_DEADLINE) when permits are still out at the deadline; it says how many. The gate stays closed.
   */
  drain({ deadline = Number.POSITIVE_INFINITY, quiet }: GateDrainOptions = {}): Promise<void> {
    const deadlineMs = readMs(this.#address, 'deadline', deadline)
    this.beginDrain(quiet === undefined ? undefined : readMs(this.#address, 'quiet', quiet))
    return new Promise((resolve, reject) => {
      const overdue = (): void => {
        this.close()
        reject(new DeadlineError(this.#address, deadlineMs, this.#inFlight))
      }
      const timer = this.#env.clock.after(deadlineMs, overdue, true)
      this.whenDrained(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** Refuses new work from now on, and those who wait. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#quietTimer?.cancel()
    this.#line?.disperse(() => this.refusal())
    if (this.#inFlight === 0) this.#idle()
  }

  /** Calls `fn` once the gate is closed and no permit is out: at once if that is so already. */
  whenDrained(fn: () => void): void {
    if (this.isDrained) fn()
    else this.#whenDrained.push(fn)
  }

  /** Whether it is closed and no permit is out. */
  get isDrained(): boolean {
    return !this.#open && this.#inFlight === 0
  }

  /** @internal Whether one more may wait for a permit. */
  get hasRoomInLine(): boolean {
    return this.#isFull && this.waiting < this.#limits.queue
  }

  /** @internal Refuses an entry: counts it, and says why. */
  refusal(): AtCapacityError | DrainingError | NotReadyError {
    this.countRefusal()
    if (!this.#open) return new DrainingError(this.#address)
    if (this.#isFull) return new AtCapacityError(this.#address, this.capacity, this.retryAfterMs)
    return new NotReadyError(this.#address, 'what its gate guards is not ready')
  }

  /** @internal An entry is refused. */
  countRefusal(): void {
    if (this.#refusals === undefined) return
    if (!this.#open || this.#quietMs !== undefined) this.#refusals.draining += 1
    else if (this.#isFull) this.#refusals.atCapacity += 1
    else this.#refusals.notReady += 1
  }

  /** @internal Closes it, at once or when it has been quiet for so long. */
  beginDrain(quietMs = this.#limits.quietMs): void {
    if (quietMs === 0) return this.close()
    this.#quietMs = quietMs
    this.#line?.disperse(() => {
      this.countRefusal()
      return new DrainingError(this.#address)
    })
    if (this.#inFlight === 0) this.#idle()
  }

  /** @internal For permits, and for work that was accepted with something else, such as its connection. */
  follow(): Permit {
    this.#inFlight += 1
    return this.#permit()
  }

  /** @internal For permits. */
  giveBack(permit: Permit): void {
    if (permit.isTimed) this.#times?.end(permit, this.#env.clock.now())
    // Handed over, not given back: a newcomer must not come between.
    if (this.#line !== undefined && this.#inFlight <= this.capacity && this.#serveNext(this.#line)) return
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#idle()
  }

  get #isFull(): boolean {
    return this.#open && this.#inFlight >= this.capacity
  }

  #serveNext(line: WaitingLine): boolean {
    if (line.length === 0) return false
    if (this.#readyWhen?.() !== false) return line.serve(() => this.#permit())
    line.disperse(() => new NotReadyError(this.#address, 'what its gate guards is not ready'))
    return false
  }

  #permit(): Permit {
    this.#entered += 1
    if (this.#entered % SAMPLE !== 0) return new Permit(this, false)
    const permit = new Permit(this, true)
    this.#times ??= new HoldTimes()
    this.#times.begin(permit, this.#env.clock.now())
    return permit
  }

  #idle(): void {
    if (this.#open) {
      if (this.#quietMs !== undefined) this.#awaitQuiet(this.#quietMs)
      return
    }
    const waiting = this.#whenDrained
    this.#whenDrained = []
    for (const fn of waiting) fn()
  }

  // Entering costs nothing for it: whoever entered since is seen when the time is over, and begins it anew by leaving.
  #awaitQuiet(quietMs: number): void {
    const before = this.#entered
    const isQuiet = (): boolean => this.#entered === before && this.#inFlight === 0
    this.#quietTimer?.cancel()
    this.#quietTimer = this.#env.clock.after(quietMs, () => isQuiet() && this.close(), true)
  }
}
