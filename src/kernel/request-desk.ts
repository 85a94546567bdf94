// What others may ask of a service: each request is admitted by a gate, so it is work in flight until it is answered, and refused
// before the attempt when there is no room for it.
import type { Gate } from '../gate/gate.js'
import { holding, QueuedAnswer } from '../gate/pending-answer.js'
import type { HookCalls } from './hook-calls.js'
import type { Hooks } from './hooks.js'
import type { Incarnation } from './incarnation.js'
import type { Provisions } from './provisions.js'

/** The service behind the desk. */
interface Behind {
  readonly incarnation: Incarnation
  /** @throws NotReadyError while there is none. */
  readonly handle: unknown
  readonly provisions: Provisions
}

/** The requests of one incarnation. */
export class RequestDesk {
  readonly #behind: Behind
  readonly #hooks: Hooks
  readonly #calls: HookCalls
  #gate: Gate | undefined

  constructor(behind: Behind, hooks: Hooks, calls: HookCalls) {
    this.#behind = behind
    this.#hooks = hooks
    this.#calls = calls
  }

  /**
   * Answers as the request does, with a `PendingAnswer` in place of a promise and a `QueuedAnswer` where it has to wait for its turn.
   * @throws AtCapacityError, DrainingError, NotReadyError before the attempt, and what the request throws.
   */
  answer(name: string, argument: unknown): unknown {
    const { requests, capacity, queue } = this.#hooks
    const request = requests !== undefined && Object.hasOwn(requests, name) ? requests[name] : undefined
    if (request === undefined) throw new TypeError(`${this.#behind.incarnation.address} answers no request "${name}"`)
    const { handle, provisions } = this.#behind
    const call = (): unknown => this.#calls.enter((_, ctx) => request(handle, argument, ctx), handle)
    this.#gate ??= provisions.openGate({ ...(capacity !== undefined && { capacity }), ...(queue !== undefined && { queue }) })
    const permit = this.#gate.admit()
    if (permit !== undefined) return holding(permit, call)
    if (!this.#gate.hasRoomInLine) throw this.#gate.refusal()
    return new QueuedAnswer(this.#gate, call)
  }
}
