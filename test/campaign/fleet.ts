// Candidates as processes of their own, over one lease and one ledger: started, sent signals, replaced, and asked who leads.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'pg'
import { createLeaseTables } from '../../src/leases/postgres-tables.js'
import type { DaemonProcess } from '../../src/testing/daemon-process.js'
import { startDaemon } from '../../src/testing/start-daemon.js'
import { PostgresServer, type ServerConfig } from '../support/postgres-server.js'
import { FencedLedger } from './ledger.js'

/** Where the lease is kept. */
export type StoreName = 'local' | 'postgres'

/** What the candidates do besides. */
export interface FleetOptions {
  /** Before one leads it kills the process of whoever led before. */
  readonly shoots?: boolean
}

/** One process. */
export interface Member {
  readonly id: string
  readonly daemon: DaemonProcess
  isStopped: boolean
}

const FIXTURE = fileURLToPath(new URL('../process/fixtures/leading.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** All that a campaign needs: the ledger, the store, the processes. */
export class Fleet implements AsyncDisposable {
  readonly store: StoreName
  readonly ledger = new FencedLedger()
  readonly members: Member[] = []
  readonly #all: DaemonProcess[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'quiesce-lead-'))
  #server: PostgresServer | undefined
  #port = 0
  #spawned = 0

  readonly #pidFile: string

  private constructor(store: StoreName, { shoots = false }: FleetOptions) {
    this.store = store
    this.#pidFile = shoots ? join(this.#folder, 'leader.pid') : ''
    if (shoots) writeFileSync(this.#pidFile, '')
  }

  static async open(store: StoreName, size: number, options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(store, options)
    fleet.#port = await fleet.ledger.open()
    if (store === 'postgres') await fleet.#openServer()
    for (let at = 0; at < size; at += 1) fleet.spawn()
    return fleet
  }

  /** Starts one more. */
  spawn(): Member {
    this.#spawned += 1
    const id = `p${this.#spawned}`
    const own = {
      ID: id,
      STORE: this.store,
      FOLDER: this.#folder,
      LEDGER: String(this.#port),
      POSTGRES: JSON.stringify(this.#address ?? {}),
      MARKER: join(this.#folder, `marker-${id}`),
      PID_FILE: this.#pidFile,
    }
    const daemon = startDaemon(FIXTURE, { execArgv: ['--import', 'tsx'], cwd: ROOT, env: own, patience: Number.POSITIVE_INFINITY })
    const member = { id, daemon, isStopped: false }
    this.members.push(member)
    this.#all.push(daemon)
    return member
  }

  /** Whoever wrote last. */
  get leader(): Member | undefined {
    return this.members.find(({ id }) => id === this.ledger.latest?.writer)
  }

  signal(member: Member, name: NodeJS.Signals): void {
    if (name === 'SIGSTOP') member.isStopped = true
    if (name === 'SIGCONT') member.isStopped = false
    member.daemon.signal(name)
  }

  /** It has ended, or is ending: it does not count any more. */
  forget(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1)
  }

  /** In the database, in the order in which rows were written: terms that go back, and terms of two writers. */
  async disorderInTable(): Promise<readonly string[]> {
    const address = this.#address
    if (address === undefined) return []
    const pool = new Pool({ ...address, max: 1 })
    const { rows } = await pool.query<{ term: string; writer: string }>('select term, writer from counted order by id')
    await pool.end()
    const wrong: string[] = rows.length === 0 ? ['no row was written'] : []
    const writers = new Map<string, string>()
    for (const [at, { term, writer }] of rows.entries()) {
      if (BigInt(term) < BigInt(rows[at - 1]?.term ?? 0)) wrong.push(`row ${at} of term ${term} comes after term ${rows[at - 1]?.term}`)
      if ((writers.get(term) ?? writer) !== writer) wrong.push(`term ${term} has two writers`)
      writers.set(term, writer)
    }
    return wrong
  }

  /** What all of them, also those that are gone, said as a warning or worse about the lease, and how often. */
  get complaints(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { msg, level, election, why } of this.#all.flatMap(({ lines }) => lines)) {
      if (level < 40 || election === undefined) continue
      const what = why === undefined ? msg : `${msg}: ${String(why).replace(/\d+/g, 'N')}`
      counts[what] = (counts[what] ?? 0) + 1
    }
    return counts
  }

  /** For error messages: what all of them said last. */
  get transcript(): string {
    return this.members.map(({ id, daemon }) => `--- ${id}\n${daemon.transcript.split('\n').slice(-40).join('\n')}`).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(({ daemon }) => daemon.end()))
    await this.ledger.close()
    await this.#server?.remove()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #address(): ServerConfig | undefined {
    return this.#server?.config
  }

  async #openServer(): Promise<void> {
    this.#server = await PostgresServer.start()
    const pool = new Pool({ ...this.#address, max: 1 })
    await createLeaseTables(pool)
    await pool.query('create table counted (id bigserial primary key, term bigint not null, writer text not null)')
    await pool.end()
  }
}
