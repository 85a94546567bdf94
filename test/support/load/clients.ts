// The kit's clients, asking for work that takes its time, and a journal of what became of every request and who answered it.
import {
  type AboutRequest,
  type Load as Clients,
  driveLoad,
  type JournalEntry,
  type LoadAnswer,
  type RequestOutcome,
} from '../../../src/testing/load.ts'

export type Outcome = RequestOutcome

/** One request in a client's journal. */
export interface Asked extends Omit<JournalEntry, 'kept'> {
  /** Who answered: a process. */
  readonly by?: number
}

export interface LoadOptions {
  readonly port: number
  readonly seed: number
  readonly clients?: number
  /** The longest that a handler takes, and the longest that a client thinks. */
  readonly workMs?: number
  readonly thinkMs?: number
}

/** All clients together. */
export class Load {
  readonly #clients: Clients

  constructor({ port, seed, clients = 50, workMs = 200, thinkMs = 50 }: LoadOptions) {
    const request = ({ id, random }: AboutRequest): { path: string } => ({ path: `/work/${id}/${Math.floor(random() * (workMs + 1))}` })
    this.#clients = driveLoad(`http://127.0.0.1:${port}`, { clients, seed, think: thinkMs, request, read })
  }

  get journal(): Asked[] {
    return this.#clients.journal.map(({ kept, ...entry }) => (typeof kept === 'number' ? { ...entry, by: kept } : entry))
  }

  /** Resolves when so many answers have come, at least one of them to each client; rejects when all clients have ended before. */
  warm(count: number): Promise<void> {
    return this.#clients.warm(count)
  }

  /** From now on clients use the connections that they have, as long as they have them. */
  keepToConnections(): void {
    this.#clients.keepToConnections()
  }

  /** No more requests. Those without an answer after so many milliseconds are given up, and count as broken. */
  async stop(withinMs: number): Promise<void> {
    await this.#clients.stop(withinMs)
  }
}

// Another's answer would be the worst of all failures; no answer that is none of ours may be counted as one.
function read({ id, status, body }: LoadAnswer): number {
  const [whose, by] = body.split(' ')
  if (status !== 200 || whose !== id) throw new Error(`${status} ${JSON.stringify(body)} for ${id}`)
  return Number(by)
}
