// The depot: where parcels wait, and where it is written down what was sent. It stands for a database.
import { service } from 'quiesce'
import type { World } from './world.ts'

export interface Depot {
  put(parcel: string): Promise<void>
  /** The next parcel that waits; undefined when none does. */
  take(): string | undefined
  markSent(parcel: string): Promise<void>
}

const WRITE_MS = 5

export const depot = ({ books, open, pause }: World) => {
  const write = async (): Promise<void> => {
    await pause(WRITE_MS)
    if (!open.has('depot')) throw new Error('the depot is closed')
  }
  return service('depot', {
    start: async (): Promise<Depot> => {
      await pause(20)
      open.add('depot')
      return {
        put: async (parcel) => {
          await write()
          books.accepted.push(parcel)
          books.waiting.push(parcel)
        },
        take: () => books.waiting.shift(),
        markSent: async (parcel) => {
          await write()
          books.sent.push(parcel)
        },
      }
    },
    stop: async () => {
      await pause(20)
      open.delete('depot')
    },
  })
}
