// The calls on a supervisor that have no answer yet: each gets a number, waits for the policy's reply, and is settled once.
import { ChildError } from '../base/errors.js'
import type { Call, CallResult } from '../policy/commands.js'

type Succeeded = Extract<CallResult, { ok: true }>
type WithoutNumber<C> = C extends Call ? Omit<C, 'number'> : never

interface Waiting {
  readonly id: string
  readonly resolve: (result: Succeeded) => void
  readonly reject: (error: unknown) => void
}

/** Pending calls by number. */
export class Calls {
  readonly #address: string
  readonly #waiting = new Map<number, Waiting>()
  #number = 0

  constructor(address: string) {
    this.#address = address
  }

  /** Numbers a call and hands it to `tell`; resolves with the reply. @throws ChildError (ERR_CHILD) when it is refused. */
  make(call: WithoutNumber<Call>, tell: (call: Call) => void): Promise<Succeeded> {
    this.#number += 1
    const number = this.#number
    const id = 'id' in call ? call.id : 'slot' in call ? call.slot.id : ''
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { id, resolve, reject })
      tell({ ...call, number } as Call)
    })
  }

  settle(number: number, result: CallResult): void {
    const waiting = this.#waiting.get(number)
    if (waiting === undefined) return
    this.#waiting.delete(number)
    if (result.ok) waiting.resolve(result)
    else waiting.reject(new ChildError(this.#address, waiting.id, result.reason, 'cause' in result ? result.cause : undefined))
  }
}
