// The counter, where customers bring parcels: now and then, one at a time.
import { type Service, service } from 'quiesce'
import type { Depot } from './depot.ts'
import type { World } from './world.ts'

export const counter = ({ random }: World, depot: Service<Depot>) =>
  service('counter', {
    uses: { depot },
    edge: true,
    run: async (ctx) => {
      for (let count = 1; !ctx.draining.aborted; count += 1) {
        await ctx.uses.depot.put(`parcel ${count}`)
        await ctx.sleep(50 + Math.floor(random() * 100)).catch(() => {})
      }
    },
  })
