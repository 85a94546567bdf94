// What must be true of the books whenever the daemon has stopped in order.
import assert from 'node:assert/strict'
import type { Books } from './world.ts'

/** Every parcel waits or was sent, none twice, and all that the carrier has is written down. */
export function expectBooksToBalance({ accepted, waiting, handedOver, sent }: Books): void {
  assert.deepEqual([...handedOver].sort(), [...sent].sort(), 'the carrier has a parcel that is not written down as sent')
  assert.deepEqual([...waiting, ...sent].sort(), [...accepted].sort(), 'a parcel is neither waiting nor sent')
}
