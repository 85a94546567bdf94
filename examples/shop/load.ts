// Customers: each keeps one connection open, orders, waits for the answer, thinks, orders again, until the shop is closed.
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the customers have seen. */
export interface Books {
  /** Ids of orders that were answered with 201. */
  readonly answered: Set<string>
  /** Ids of orders that left on a connection and got no answer, or another one. */
  readonly failed: Map<string, string>
  /** How often the shop was closed when a customer came: nothing was sent. */
  refused: number
}

/** Business under way. */
export interface Business {
  /** Resolves when so many orders were answered. */
  answers(count: number): Promise<void>
  /** Resolves when all customers have gone home. */
  readonly books: Promise<Books>
}

/** Lets customers order until the shop refuses them, fails them, or `until` is aborted. */
export function customers(url: string, count: number, until: AbortSignal, thinkMs = 50): Business {
  const books: Books = { answered: new Set(), failed: new Map(), refused: 0 }
  const progress = new EventEmitter()
  const visits = Array.from({ length: count }, () => customer(url, books, until, thinkMs, progress))
  return {
    books: Promise.all(visits).then(() => books),
    answers: async (wanted) => {
      while (books.answered.size < wanted) await once(progress, 'answered')
    },
  }
}

async function customer(url: string, books: Books, until: AbortSignal, thinkMs: number, progress: EventEmitter): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (!until.aborted) {
    const id = randomUUID()
    const outcome = await order(url, id, agent)
    if (outcome === 'refused') {
      books.refused += 1
      break
    }
    if (outcome !== 'answered') {
      books.failed.set(id, outcome)
      break
    }
    books.answered.add(id)
    progress.emit('answered')
    await sleep(Math.random() * thinkMs)
  }
  agent.destroy()
}

function order(url: string, id: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    let isConnected = false
    const req = request(`${url}/orders`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (res) => {
      res.resume()
      res.on('end', () => resolve(res.statusCode === 201 ? 'answered' : `status ${res.statusCode}`))
      res.on('error', (error) => resolve(error.message))
    })
    req.on('socket', (socket) => {
      isConnected = !socket.connecting
      if (isConnected) return
      socket.once('connect', () => {
        isConnected = true
      })
    })
    req.on('error', (error) => resolve(isConnected ? error.message : 'refused'))
    req.end(JSON.stringify({ id, item: 'tea' }))
  })
}
