// Says every few seconds how business goes.
import { type Service, service } from 'quiesce'
import type { Orders } from './orders.ts'

export function ticker(orders: Service<Orders>) {
  return service('ticker', {
    edge: true,
    uses: { orders },
    run: async ({ uses, draining, sleep, log }) => {
      while (!draining.aborted) {
        await sleep('5s')
        const { onDisk, fulfilled } = uses.orders.count()
        log.info({ orders: onDisk, fulfilled }, 'business so far')
      }
    },
  })
}
