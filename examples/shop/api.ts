// The orders API. An order is on disk before it is answered.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Service } from 'quiesce'
import { httpServer } from 'quiesce/http'
import type { Saboteur } from './fulfilment.ts'
import type { Order, Orders } from './orders.ts'

export function ordersApi(orders: Service<Orders>, saboteur: Saboteur, port: number) {
  return httpServer('api', {
    uses: { orders },
    port,
    handler: async (req, res, { uses }) => {
      const route = `${req.method} ${req.url}`
      if (route === 'POST /orders') return answer(res, 201, await take(req, uses.orders))
      if (route === 'GET /stats') return answer(res, 200, uses.orders.count())
      if (route === 'POST /crash') {
        saboteur.crash()
        return answer(res, 202, { crashed: 'shop/back/fulfilment' })
      }
      answer(res, 404, { error: 'try POST /orders, GET /stats or POST /crash' })
    },
  })
}

async function take(req: IncomingMessage, orders: Orders): Promise<Order> {
  const { id = randomUUID(), item = 'something nice' } = (await json(req)) as Partial<Order>
  const order = { id, item }
  orders.add(order)
  return order
}

function answer(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(`${JSON.stringify(body)}\n`)
}
