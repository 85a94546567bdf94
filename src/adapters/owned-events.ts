// Events as code of a service. Sockets do not keep the async context in which they were accepted: what a listener on one of them
// throws would belong to nobody, and end the daemon instead of the service.
import type { EventEmitter } from 'node:events'
import type { Incarnation } from '../kernel/incarnation.js'

/** From now on the listeners of `emitter` are called as code of `incarnation`. */
export function ownEvents(emitter: EventEmitter, incarnation: Incarnation): void {
  const { env } = incarnation
  const { emit } = emitter
  emitter.emit = (...args) => {
    try {
      return env.enter(incarnation, () => emit.apply(emitter, args), undefined, undefined)
    } catch (error) {
      env.enter(incarnation, rethrow, error, undefined)
      return true
    }
  }
}

// Thrown here and now it would leave the context before anybody asks whose it was; thrown in a tick of its own it does not.
function rethrow(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}
