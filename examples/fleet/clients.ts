// Clients of the fleet: each has a job, asks any daemon, goes where it is sent, and does not give up before the job is answered. A job
// keeps its name when it is asked for again, so that it is worked off once.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the clients have seen. */
export interface Books {
  /** Jobs that were answered with 201, and the number that each was given. */
  readonly answered: Map<string, number>
  /** Jobs that nobody answered in the end. */
  readonly failed: string[]
  /** How often a standby refused. */
  refused: number
  /** How often a connection broke or could not be made. */
  broken: number
}

/** What came of one attempt. */
export type Attempt = { readonly number: number } | { readonly leader: string | undefined; readonly status: number } | undefined

const ATTEMPTS = 400
const PAUSE_MS = 25

/** Lets clients work until `until` is aborted; each finishes the job that it has. */
export async function clients(urls: readonly string[], count: number, until: AbortSignal): Promise<Books> {
  const books: Books = { answered: new Map(), failed: [], refused: 0, broken: 0 }
  await Promise.all(Array.from({ length: count }, (_, at) => client(urls, at, books, until)))
  return books
}

async function client(urls: readonly string[], at: number, books: Books, until: AbortSignal): Promise<void> {
  let next = at
  let url = urls[next % urls.length] as string
  while (!until.aborted) {
    const job = randomUUID()
    let number: number | undefined
    for (let attempt = 0; attempt < ATTEMPTS && number === undefined; attempt += 1) {
      const came = await ask(url, job)
      if (came === undefined) books.broken += 1
      else if ('number' in came) number = came.number
      else books.refused += 1
      if (number !== undefined) break
      next += 1
      url = (came !== undefined && 'leader' in came ? came.leader : undefined) ?? (urls[next % urls.length] as string)
      await sleep(PAUSE_MS)
    }
    if (number === undefined) books.failed.push(job)
    else books.answered.set(job, number)
  }
}

/** Asks one daemon; undefined when the connection broke: then nobody knows whether the job was done. */
export async function ask(url: string, job: string): Promise<Attempt> {
  try {
    const response = await fetch(`${url}/jobs`, { method: 'POST', body: job })
    const body = (await response.json().catch(() => ({}))) as { number?: number; leader?: string }
    if (body.number !== undefined) return { number: body.number }
    return { leader: body.leader, status: response.status }
  } catch {
    return undefined
  }
}
