// What a piece of code leaves behind in the process: timers, handles, listeners, and actors of the runtime. What goes away by itself is
// no leak.
import { AssertionError } from 'node:assert'
import { EventEmitter, getEventListeners } from 'node:events'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Duration, parseDuration } from '../base/duration.js'
import type { System } from '../tree/system.js'
import { LivingActors } from './living-actors.js'
import { type Census, type Recorded, Recorder, takeCensus } from './open-resources.js'

/** One kind of thing that is there and was not before. */
export interface Leak {
  /** As Node names it: `Timeout`, `TCPServerWrap`; or `Timeout (unref)`, `listener for SIGTERM`, `actor shop/db#1 (draining)`. */
  readonly what: string
  readonly count: number
  /** Where it was made, file and line, as far as that is known. */
  readonly madeAt: readonly string[]
}

/** How a check is made. */
export interface LeakCheckOptions {
  /** What lives longer and is listened to, by name: a pool, a signal. Listeners that are left on it are leaks. */
  readonly emitters?: Readonly<Record<string, EventEmitter | AbortSignal>>
  /** How long something may take to go away by itself. Default 100 ms. */
  readonly settle?: Duration
}

/** A check that was begun. It costs a little until it is ended. */
export interface LeakCheck extends Disposable {
  /** From now on the actors of this system count too; returns it. */
  watch<S extends System>(system: S): S
  /** What is there now and was not before; empty when nothing is left. */
  leaks(): Promise<readonly Leak[]>
  /** Ends the check. @throws AssertionError that names what was left behind, and where it was made. */
  expectNone(): Promise<void>
}

const TURNS = 5
const POLL_MS = 5

/**
 * Remembers what there is: timers, sockets, servers, child processes and whatever else keeps the event loop alive, and the listeners
 * on the process. Afterwards it tells what has been added: also timers that were `unref`ed, worker threads, and the actors of systems
 * that it was told to `watch`. What a test runner makes for itself does not count, nor do the timers that Node sets for itself.
 *
 * @throws TypeError when `settle` is not a duration.
 *
 * @example
 * ```ts
 * import { leakCheck } from 'quiesce/testing'
 *
 * const check = leakCheck()
 * const timer = setInterval(() => {}, 1_000)
 * const [leak] = await check.leaks()
 * console.log(leak?.count, leak?.what) // 1 Timeout
 * clearInterval(timer)
 * await check.expectNone()
 * ```
 */
export function leakCheck({ emitters = {}, settle = '100ms' }: LeakCheckOptions = {}): LeakCheck {
  const settleMs = parseDuration(settle)
  if (settleMs === undefined) throw new TypeError(`${String(settle)} is not a duration`)
  return new Check({ process, ...emitters }, settleMs)
}

type Emitters = Readonly<Record<string, EventEmitter | AbortSignal>>

class Check implements LeakCheck {
  readonly #emitters: Emitters
  readonly #settleMs: number
  readonly #before: Census
  readonly #listeners: Census
  readonly #recorder = new Recorder()
  readonly #actors = new LivingActors()

  constructor(emitters: Emitters, settleMs: number) {
    this.#emitters = emitters
    this.#settleMs = settleMs
    this.#before = takeCensus()
    this.#listeners = countListeners(emitters)
  }

  watch<S extends System>(system: S): S {
    this.#actors.watch(system)
    return system
  }

  async leaks(): Promise<readonly Leak[]> {
    const until = performance.now() + this.#settleMs
    for (;;) {
      for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      const left = this.#left()
      if (left.length === 0 || performance.now() >= until) return left
      await sleep(POLL_MS)
    }
  }

  async expectNone(): Promise<void> {
    const left = await this.leaks()
    this[Symbol.dispose]()
    if (left.length > 0) throw new AssertionError({ message: `left behind: ${left.map(drawLeak).join(', ')}` })
  }

  [Symbol.dispose](): void {
    this.#recorder.end()
    this.#actors.forget()
  }

  #left(): Leak[] {
    const ours = this.#recorder.open.filter((one) => !one.isRunners && nameOf(one) !== undefined)
    const names = count(ours.flatMap((one) => nameOf(one) ?? []))
    return [
      ...[...names].map(([what, count]) => ({ what, count, madeAt: placesOf(ours.filter((one) => nameOf(one) === what)) })),
      ...added(this.#before, takeCensus()),
      ...added(this.#listeners, countListeners(this.#emitters)),
      ...this.#actors.names().map((what) => ({ what, count: 1, madeAt: [] })),
    ]
  }
}

// Of what does not keep the process alive only timers and threads are leaks: pools keep idle connections that way.
function nameOf({ name, keepsAlive }: Recorded): string | undefined {
  if (keepsAlive || name === 'Worker') return name
  return name === 'Timeout' ? 'Timeout (unref)' : undefined
}

function placesOf(made: readonly Recorded[]): string[] {
  return [...new Set(made.flatMap(({ madeAt }) => madeAt ?? []))].map(short)
}

function added(before: Census, now: Census): Leak[] {
  return [...now].flatMap(([what, count]) => {
    const more = count - (before.get(what) ?? 0)
    return more > 0 ? [{ what, count: more, madeAt: [] }] : []
  })
}

function count(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function countListeners(emitters: Emitters): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [owner, emitter] of Object.entries(emitters)) {
    const on = owner === 'process' ? '' : ` on ${owner}`
    if (emitter instanceof EventEmitter)
      for (const event of emitter.eventNames()) counts.set(`listener for ${String(event)}${on}`, emitter.listenerCount(event))
    else counts.set(`listener for abort${on}`, getEventListeners(emitter, 'abort').length)
  }
  return counts
}

/** One leak in words. */
export function drawLeak({ what, count, madeAt }: Leak): string {
  return `${count === 1 ? '' : `${count} × `}${what}${madeAt.length === 0 ? '' : ` (made at ${madeAt.join(', ')})`}`
}

function short(place: string): string {
  const [, file = place, line = ''] = /^(.*):(\d+):\d+$/.exec(place) ?? []
  const path = relative(process.cwd(), file)
  return `${path.startsWith('..') ? file : path}:${line}`
}
