// The line to the carrier, who fetches parcels. It stands for somebody else's API.
import { service } from 'quiesce'
import type { World } from './world.ts'

export interface Carrier {
  /** Resolves when the carrier has taken the parcel. */
  handOver(parcel: string): Promise<void>
}

export const carrier = ({ books, open, pause, random }: World) =>
  service('carrier', {
    start: async (ctx): Promise<Carrier> => {
      await pause(50)
      open.add('line')
      ctx.defer(() => open.delete('line'))
      return {
        handOver: async (parcel) => {
          await pause(40 + Math.floor(random() * 120))
          books.handedOver.push(parcel)
        },
      }
    },
  })
