// Sends what waits in the depot. A parcel is this service's accepted work from the moment it is taken out of the depot until it is
// written down as sent: it holds a permit meanwhile, so a stop waits for it.
import { type Permit, type Service, service } from 'quiesce'
import type { Carrier } from './carrier.ts'
import type { Depot } from './depot.ts'

export interface DispatchOptions {
  readonly depot: Service<Depot>
  readonly carrier: Service<Carrier>
  /** The planted bug: nobody waits for the carrier's answer. */
  readonly isForgetful: boolean
}

const LOOK_EVERY_MS = 200

export const dispatch = ({ depot, carrier, isForgetful }: DispatchOptions) =>
  service('dispatch', {
    uses: { depot, carrier },
    edge: true,
    run: async (ctx) => {
      const gate = ctx.gate({ capacity: 3 })
      const send = async (parcel: string, permit: Permit): Promise<void> => {
        if (isForgetful) permit.release()
        await ctx.uses.carrier.handOver(parcel)
        await ctx.uses.depot.markSent(parcel)
        permit.release()
      }
      while (!ctx.draining.aborted) {
        for (let permit = gate.tryEnter(); permit !== undefined; permit = gate.tryEnter()) {
          const parcel = ctx.uses.depot.take()
          if (parcel === undefined) {
            permit.release()
            break
          }
          send(parcel, permit).catch((error) => ctx.fail(error))
        }
        // Woken at the drain: then there is nothing more to look for.
        await ctx.sleep(LOOK_EVERY_MS).catch(() => {})
      }
    },
  })
