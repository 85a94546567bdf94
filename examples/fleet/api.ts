// What every daemon of the fleet answers over HTTP. A standby refuses jobs before it has begun anything, and says who leads.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Leadership, NotLeaderError, type Service } from 'quiesce'
import { httpServer } from 'quiesce/http'
import type { Ledger } from './ledger.ts'
import type { Clerk } from './scheduler.ts'

/** The server of one daemon. */
export function api(url: string, ledger: Service<Ledger>, scheduler: Service<Leadership<Clerk>>) {
  return httpServer('api', {
    uses: { ledger, scheduler },
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    handler: async (req, res, { uses }) => {
      const { leading, leader, term } = uses.scheduler
      const route = `${req.method} ${req.url}`
      if (route === 'POST /jobs') return await takeJob(req, res, uses.scheduler)
      if (route === 'GET /') return answer(res, 200, { url, leading, leader, term: term && String(term) })
      if (route === 'GET /ledger') return answer(res, 200, uses.ledger.entries.slice(-10))
      if (route === 'POST /step-down') {
        await uses.scheduler.stepDown()
        return answer(res, 200, { url, leading: uses.scheduler.leading })
      }
      answer(res, 404, { error: 'try POST /jobs, GET /, GET /ledger or POST /step-down' })
    },
  })
}

async function takeJob(req: IncomingMessage, res: ServerResponse, scheduler: Leadership<Clerk>): Promise<void> {
  const job = await text(req)
  try {
    const clerk = scheduler.get()
    answer(res, 201, { job, number: await clerk.take(job), by: scheduler.leader })
  } catch (error) {
    // Without this the server would answer 503 too, and not say who leads.
    if (!(error instanceof NotLeaderError)) throw error
    res.setHeader('retry-after', '1')
    answer(res, 503, { error: error.message, leader: error.leader })
  }
}

function answer(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(`${JSON.stringify(body)}\n`)
}
