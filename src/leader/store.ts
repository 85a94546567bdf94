// The calls to a lease store, each bounded in time, and what came of them. A call that is not answered in time, or rejects, has an
// unknown outcome.

import { StoreRefusedError, StoreUnknownError } from '../base/leadership-errors.js'
import { logError } from '../base/log-error.js'
import { type Context, incarnationOf } from '../kernel/context.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { StoreCall, TenureCommand, TenureEvent } from '../policy/tenure/words.js'
import type { Candidate, Lease, LeaseAnswer } from '../protocol/lease.js'
import { show } from '../protocol/spec.js'
import type { LeaderSettings } from './leader-options.js'

type StoreCommand = TenureCommand & { readonly do: StoreCall }

interface Options {
  readonly ctx: Context<unknown>
  /** The leader's. */
  readonly address: string
  readonly lease: Lease
  readonly candidate: Candidate
  readonly settings: LeaderSettings
  /** Is told what came of a call. */
  readonly feed: (event: TenureEvent) => void
}

/** One candidate's calls to its store. */
export class Store {
  readonly #options: Options
  readonly #incarnation: Incarnation

  constructor(options: Options) {
    this.#options = options
    this.#incarnation = incarnationOf(options.ctx)
  }

  /** Makes the call, and tells what came of it. */
  perform(command: StoreCommand): void {
    const { feed } = this.#options
    const sentAt = this.#incarnation.env.clock.now()
    this.#bounded(command.do, (signal) => this.#send(command, signal)).then(
      ({ ok, record }) => feed({ type: 'answered', call: command.do, ok, record, sentAt }),
      (error) => {
        this.#note(command.do, error)
        feed({ type: 'unanswered', call: command.do })
      },
    )
  }

  /** Asks the holder of that term to hand over to this candidate. Where a store cannot pass that on, nothing happens. */
  wish(term: bigint): void {
    const { lease, candidate } = this.#options
    const request = { term, to: candidate.id, nonce: String(this.#incarnation.env.random()) }
    const sent = this.#bounded('requestHandover', async (signal) => await lease.requestHandover?.(request, signal))
    sent.catch((error) => this.#note('requestHandover', error))
  }

  async #send(command: StoreCommand, signal: AbortSignal): Promise<LeaseAnswer> {
    const { lease, candidate } = this.#options
    if (command.do === 'read') return { ok: true, record: await lease.read(signal) }
    if (command.do === 'acquire') return lease.acquire(command.claim, signal)
    if (command.do === 'renew') return lease.renew(command.renewal, signal)
    const exit = command.asks ? { ...command.exit, checkpoint: this.#checkpoint() } : command.exit
    return lease.release({ candidate, exit, to: command.to }, signal)
  }

  // The signal is a new one each time: an aborted one of the caller's must never keep a release from being sent.
  #bounded<T>(call: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { lease, settings } = this.#options
    const { storeTimeoutMs } = settings.times
    const abort = new AbortController()
    return new Promise((resolve, reject) => {
      const unknown = (cause: unknown): void => {
        const isTold = cause instanceof StoreUnknownError || cause instanceof StoreRefusedError
        reject(isTold ? cause : new StoreUnknownError(lease.election, call, cause))
      }
      const timer = this.#incarnation.env.clock.after(storeTimeoutMs, () => {
        const error = new DOMException(`no answer within ${storeTimeoutMs} ms`, 'TimeoutError')
        unknown(error)
        abort.abort(error)
      })
      const over = (): void => timer.cancel()
      send(abort.signal).then(resolve, unknown).then(over, over)
    })
  }

  #checkpoint(): string | undefined {
    const { settings, ctx } = this.#options
    try {
      const checkpoint: unknown = settings.checkpoint?.()
      if (checkpoint === undefined || typeof checkpoint === 'string') return checkpoint
      throw new TypeError(`\`checkpoint\` gave ${show(checkpoint)}; it must give text, at once`)
    } catch (error) {
      ctx.log.error(logError(error), 'the checkpoint could not be made; the next leader gets none')
      return undefined
    }
  }

  #note(call: string, error: unknown): void {
    const { facts, env } = this.#incarnation
    const { address, lease } = this.#options
    if (facts.hears('store-unknown'))
      facts.emit({ type: 'store-unknown', at: env.clock.now(), address, election: lease.election, call, error })
  }
}
