// Fake resources: what a service opens, uses and closes, as the laws can see it. A hook may say that it is done; only the resource
// knows whether it is.
import { type Duration, parseDuration } from '../base/duration.js'
import type { Env } from '../base/env.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import { VirtualEnv } from './virtual-env.js'

/** How a fake resource behaves. */
export interface ResourceOptions {
  /** Tells several of one service apart: `shop/store/cache` is the `cache` of `shop/store`. Default: it bears the service's address. */
  readonly name?: string
  /** What it works with: it must be closed before they are. */
  readonly uses?: readonly Resource[]
  /** How long it takes to close, in virtual time under `simulate`. Default 10 ms. */
  readonly closesIn?: Duration
}

/** A fake of something that must be closed in order: a connection pool, a server, a file. */
export interface Resource {
  /** Its name in sentences: the address of its service, and its own name. */
  readonly name: string
  readonly isOpen: boolean
  /** Works with it, and with all that it uses. @throws Error when one of them is closed. */
  use(): void
  /** Resolves when it has closed; asked again, it is the same promise. */
  close(): Promise<void>
}

const CLOSES_IN_MS = 10

/** How many of one name there have been in one run. */
const counts = new WeakMap<Env, Map<string, number>>()

/** @internal The resource itself, for those who decide when it has closed. */
export class FakeResource implements Resource {
  readonly name: string
  /** Tells it from earlier ones of its name. */
  readonly number: number
  readonly uses: readonly FakeResource[]
  readonly #address: string
  readonly #incarnation: number
  readonly #env: Env
  readonly #closesInMs: number
  #closing: Promise<void> | undefined
  #isOpen = true

  /** @throws TypeError for options that make no sense. */
  constructor(ctx: Context<unknown>, { name, uses = [], closesIn = CLOSES_IN_MS }: ResourceOptions = {}) {
    const { env, address, incarnation } = incarnationOf(ctx)
    const closesInMs = parseDuration(closesIn)
    if (closesInMs === undefined) throw new TypeError(`${address}: \`closesIn\` is ${String(closesIn)}: not a duration`)
    this.name = name === undefined ? address : `${address}/${name}`
    this.uses = uses.map((used) => {
      if (used instanceof FakeResource) return used
      throw new TypeError(`${this.name}: what it uses must have been made by resource() too`)
    })
    this.#address = address
    this.#incarnation = incarnation
    this.#env = env
    this.#closesInMs = closesInMs
    const known = counts.get(env) ?? new Map<string, number>()
    counts.set(env, known)
    this.number = (known.get(this.name) ?? 0) + 1
    known.set(this.name, this.number)
    this.#tell('opened', this.uses)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  use(): void {
    this.#useFor(this, new Set())
  }

  // What is closed passes nothing on.
  #useFor(user: FakeResource, seen: Set<FakeResource>): void {
    if (seen.has(this)) return
    seen.add(this)
    this.#tell('used', [user])
    if (!this.isOpen) throw new Error(`${this.name} is closed`)
    for (const used of this.uses) used.#useFor(this, seen)
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const { clock } = this.#env instanceof VirtualEnv ? { clock: this.#env.outside } : this.#env
      const done = (): void => resolve(this.closeNow())
      if (this.#closesInMs === 0) done()
      else clock.after(this.#closesInMs, done, true)
    })
    return this.#closing
  }

  /** It has closed, however long that took. */
  closeNow(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#tell('closed', [])
  }

  #tell(type: 'opened' | 'used' | 'closed', others: readonly FakeResource[]): void {
    if (!(this.#env instanceof VirtualEnv)) return
    const owner = { address: this.#address, incarnation: this.#incarnation }
    const about = { resource: this.name, number: this.number, others: others.map(({ name, number }) => `${name}#${number}`) }
    this.#env.witness?.({ type, at: this.#env.now, ...owner, ...about })
  }
}

/**
 * Opens a fake resource for a service, in place of its real one. Under `simulate` and `explore` the laws see when it is really opened,
 * used and closed: a service that says it has stopped before its resource has closed is found out, as the `api` of the example, which does not wait.
 *
 * @throws TypeError when `closesIn` is no duration, what it uses no such resource, or `ctx` no context of this runtime.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { type LawBroken, resource, simulate } from 'quiesce/testing'
 *
 * const db = service('db', { start: (ctx) => resource(ctx), stop: (pool) => pool.close() })
 * const api = service('api', {
 *   uses: { db },
 *   start: (ctx) => resource(ctx, { uses: [ctx.uses.db] }),
 *   stop: (server) => void server.close(),
 * })
 *
 * const run = simulate(supervisor('shop', { children: [db, api] }))
 * const { sentence } = await run.then(() => ({ sentence: 'no law is broken' }), (error: LawBroken) => error.violation)
 * console.log(sentence) // `shop/api` said at 0 ms that it had stopped, and it was still open
 * ```
 */
export function resource(ctx: Context<unknown>, options: ResourceOptions = {}): Resource {
  return new FakeResource(ctx, options)
}
