// Works off orders one after another. It takes nothing new once it is asked to stop; what is left waits on disk for the next start.
import { type Service, service } from 'quiesce'
import type { Orders } from './orders.ts'

/** Lets the outside break the fulfilment, to see it being restarted. */
export interface Saboteur {
  crash: () => void
}

export function fulfilment(orders: Service<Orders>, saboteur: Saboteur) {
  return service('fulfilment', {
    uses: { orders },
    run: async ({ uses, draining, sleep, fail, incarnation, log }) => {
      saboteur.crash = () => fail(new Error(`the packing machine is jammed (life ${incarnation})`))
      while (!draining.aborted) {
        const batch = uses.orders.pending(20)
        for (const { id } of batch) uses.orders.fulfil(id)
        if (batch.length > 0) log.debug({ fulfilled: batch.length }, 'orders worked off')
        await sleep(batch.length === 0 ? '20ms' : 1)
      }
    },
  })
}
