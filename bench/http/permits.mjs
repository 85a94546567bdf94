// What entering a gate and leaving it costs, in nanoseconds, in a process of its own.
import { gate } from 'quiesce'

const COUNT = 5_000_000
const ROUNDS = 12

const nanos = []
for (let round = 0; round < ROUNDS; round += 1) {
  const own = gate({ capacity: 100 })
  let entered = 0
  const beganAt = process.hrtime.bigint()
  for (let count = 0; count < COUNT; count += 1) {
    const permit = own.tryEnter()
    if (permit === undefined) break
    entered += 1
    permit.release()
  }
  const took = Number(process.hrtime.bigint() - beganAt)
  if (entered !== COUNT || own.inFlight !== 0) throw new Error(`the work was not done: ${entered} of ${COUNT} entered`)
  // The first rounds are for the compiler.
  if (round >= 2) nanos.push(took / COUNT)
}
process.send?.({ nanos })
