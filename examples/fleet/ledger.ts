// The ledger: one SQLite file that every daemon of the fleet can write to. It remembers the latest term that it was told of and refuses
// what comes of older ones, in the same transaction as the write. That is the fence: no flag and no timer of the writer is trusted.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'

/** One line of the ledger; numbers have no gap. */
export interface Entry {
  readonly number: number
  readonly term: number
  /** Who wrote it. */
  readonly writer: string
  /** A job, or how a term began. */
  readonly what: string
}

/** Who was granted a term, as the ledger was told. */
export interface SealedTerm {
  readonly term: number
  readonly holder: string
}

/** The open file. */
export class Ledger {
  readonly #db: Database.Database
  readonly seal: (term: bigint, holder: string) => void
  /** Writes once: asked again for the same it answers with the number that it has. */
  readonly append: (term: bigint, writer: string, what: string) => number

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    const db = new Database(join(folder, 'ledger.db'))
    this.#db = db
    db.exec(`
      pragma busy_timeout = 2000;
      pragma journal_mode = wal;
      create table if not exists terms (term integer primary key, holder text not null);
      create table if not exists entries (number integer primary key, term integer not null, writer text not null, what text not null);
      create index if not exists things on entries (what);
    `)
    const sealed = db.prepare('select coalesce(max(term), 0) as term from terms')
    const granted = db.prepare('insert into terms (term, holder) values (?, ?) on conflict (term) do nothing')
    const known = db.prepare('select number from entries where what = ?')
    const insert = db.prepare('insert into entries (term, writer, what) values (?, ?, ?) returning number')
    const refuseOlder = (term: bigint): void => {
      const latest = (sealed.get() as { term: number }).term
      if (latest > Number(term)) throw new Error(`the ledger is sealed for term ${latest}: nothing of term ${term} is written any more`)
    }
    this.seal = db.transaction((term: bigint, holder: string): void => {
      refuseOlder(term)
      granted.run(Number(term), holder)
    }).immediate
    this.append = db.transaction((term: bigint, writer: string, what: string): number => {
      refuseOlder(term)
      const { number } = (known.get(what) ?? insert.get(Number(term), writer, what)) as { number: number }
      return number
    }).immediate
  }

  get entries(): Entry[] {
    return this.#db.prepare('select number, term, writer, what from entries order by number').all() as Entry[]
  }

  get terms(): SealedTerm[] {
    return this.#db.prepare('select term, holder from terms order by term').all() as SealedTerm[]
  }

  close(): void {
    this.#db.close()
  }
}
