// A gate that belongs to no service.
import { Gate } from './gate.js'
import type { GateOptions } from './gate-options.js'

/**
 * Admission on its own; inside a service use `ctx.gate`, so that the report knows what is in flight.
 *
 * @throws RangeError when the options make no sense.
 * @example
 * ```ts
 * import { gate } from 'quiesce'
 *
 * const printer = gate({ capacity: 1, queue: 1 })
 * const permit = printer.tryEnter()
 * console.log(printer.tryEnter()) // undefined
 * const queued = printer.run(() => 'printed')
 * permit?.release()
 * console.log(await queued) // printed
 * await printer.drain({ deadline: '5s' })
 * console.log(printer.isReady()) // false
 * ```
 */
export function gate(options: GateOptions = {}): Gate {
  return new Gate(options)
}
