// The tree: a database that everybody uses, and two branches that use it. Start order is reading order; stop order is the reverse,
// except that the API and the ticker, which bring work in, are drained first.
import { supervisor } from 'quiesce'
import { ordersApi } from './api.ts'
import { fulfilment, type Saboteur } from './fulfilment.ts'
import { ordersDatabase } from './orders.ts'
import { ticker } from './ticker.ts'

export interface ShopOptions {
  /** Where the database lies. */
  readonly folder: string
  readonly port: number
}

export function shop({ folder, port }: ShopOptions) {
  const saboteur: Saboteur = { crash: () => {} }
  const orders = ordersDatabase(folder)
  return supervisor('shop', {
    children: [
      orders,
      supervisor('back', { children: [fulfilment(orders, saboteur), ticker(orders)] }),
      supervisor('front', { children: [ordersApi(orders, saboteur, port)] }),
    ],
  })
}
