// The record of a lease in files of one host. A record that is damaged or gone is told, never taken for the beginning: its term would be
// granted a second time.
import { createHash, randomBytes } from 'node:crypto'
import { access, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe } from '../base/errors.js'
import type { Candidate, Handover, LastExit, LeaseRecord } from '../protocol/lease.js'
import { PerhapsApplied } from './local-calls.js'

/** What the record's file contains. */
export interface Kept {
  readonly term: bigint
  readonly holder: Candidate | undefined
  readonly leaseMs: number
  readonly phase: LeaseRecord['phase']
  readonly lastExit: LastExit | undefined
  readonly handover: Handover | undefined
  /** How often it was written. */
  readonly writes: number
  /** The socket at which its holder lives, by its name in the folder. */
  readonly sign: string | undefined
  /** Whose release made it vacant: it may ask again. */
  readonly releasedBy: string | undefined
}

/** A wish, in a file of its own: whoever holds the lock writes the record, everybody may write a wish. */
interface Wish extends Handover {
  /** In which term it was made; it means no other. */
  readonly term: bigint
}

const NEW: Kept = {
  term: 0n,
  holder: undefined,
  leaseMs: 0,
  phase: 'vacant',
  lastExit: undefined,
  handover: undefined,
  writes: 0,
  sign: undefined,
  releasedBy: undefined,
}

/** The files of one election. */
export class RecordFiles {
  readonly #election: string
  /** The record. */
  readonly path: string
  readonly wishPath: string
  /** An empty file that says that there has been a record. */
  readonly #tracePath: string
  #greatest = 0n

  constructor(election: string, base: string) {
    this.#election = election
    this.path = `${base}.json`
    this.wishPath = `${base}.wish`
    this.#tracePath = `${base}.trace`
  }

  /** The record, with a wish that is made of its term. @throws Error when it cannot be trusted. */
  async read(): Promise<Kept> {
    // As it was before: another read may overtake this one.
    const least = this.#greatest
    const text = await readIfThere(this.path)
    const kept = text === undefined ? await this.#begin(least) : this.#parse(text)
    if (kept.term < least) throw this.#distrust(`term ${least} was read before, now it says ${kept.term}`)
    this.#know(kept.term)
    const wish = kept.phase === 'vacant' ? undefined : await this.#readWish()
    return wish?.term === kept.term ? { ...kept, handover: { to: wish.to, nonce: wish.nonce } } : kept
  }

  /** Only for who holds the lock. When this is over, the record survives a loss of power. */
  async write(kept: Kept): Promise<void> {
    if (kept.term < this.#greatest) throw this.#distrust(`it says term ${this.#greatest}, and was of term ${kept.term} when it was written`)
    const body = JSON.parse(JSON.stringify({ election: this.#election, ...kept }, bigintsAsText)) as unknown
    await writeWhole(this.path, JSON.stringify({ record: body, sha256: digest(body) }, undefined, 1), true)
    this.#know(kept.term)
    try {
      // After the record: a trace without one says that it was lost.
      await (await open(this.#tracePath, 'a', 0o600)).close()
      await syncFolder(this.path)
    } catch (error) {
      throw new PerhapsApplied(`${this.path} was written, and may not be lasting: ${describe(error)}`, { cause: error })
    }
  }

  /** For everybody. A wish that is lost with the power was made to a holder that is lost with it. */
  async writeWish(wish: Wish): Promise<void> {
    await writeWhole(this.wishPath, JSON.stringify(wish, bigintsAsText), false)
  }

  // A wish that cannot be read is none: nothing depends on it.
  async #readWish(): Promise<Wish | undefined> {
    const text = await readIfThere(this.wishPath)
    try {
      const { term, to, nonce } = JSON.parse(text ?? '') as Record<string, unknown>
      return { term: BigInt(String(term)), to: String(to), nonce: String(nonce) }
    } catch {
      return undefined
    }
  }

  #know(term: bigint): void {
    if (term > this.#greatest) this.#greatest = term
  }

  async #begin(least: bigint): Promise<Kept> {
    const isKnown = await access(this.#tracePath).then(
      () => true,
      () => false,
    )
    if (!isKnown && least === 0n) return NEW
    // It may have been written first just now.
    const text = await readIfThere(this.path)
    if (text === undefined) throw this.#distrust('the file is gone')
    return this.#parse(text)
  }

  #parse(text: string): Kept {
    let whole: Record<string, unknown>
    try {
      whole = JSON.parse(text) as Record<string, unknown>
      // By hand, as the remedy says.
      if (typeof whole === 'object' && Object.keys(whole).join() === 'term') return { ...NEW, term: BigInt(String(whole['term'])) }
    } catch {
      throw this.#distrust(`${text.length} characters that are not JSON`)
    }
    const record = whole?.['record'] as Record<string, unknown> | undefined
    if (record === undefined || digest(record) !== whole['sha256']) throw this.#distrust('its checksum does not match')
    const { election, ...kept } = record
    if (election !== this.#election) throw this.#distrust(`it is the record of ${JSON.stringify(election)}`)
    return revive(kept)
  }

  #distrust(what: string): Error {
    const remedy = `Nobody is granted the lease by it. Stop all candidates, then restore the file, or write {"term":"N"} into it, where N is no less than any term that was ever granted: logs and fenced resources know.`
    return new Error(`the record cannot be trusted: ${what}, in ${this.path}. ${remedy}`)
  }
}

// The checksum has said that these are the words that `write` wrote.
function revive(kept: Record<string, unknown>): Kept {
  const exit = kept['lastExit'] as (Omit<LastExit, 'term' | 'checkpoint'> & { term: string; checkpoint?: string }) | undefined
  const lastExit = exit === undefined ? undefined : { ...exit, term: BigInt(exit.term), checkpoint: exit.checkpoint }
  return { ...NEW, ...(kept as Partial<Kept>), term: BigInt(String(kept['term'])), lastExit }
}

function digest(record: unknown): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex')
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** All of it or nothing, for every reader and, if it is `lasting`, after a loss of power. */
async function writeWhole(path: string, text: string, isLasting: boolean): Promise<void> {
  const fresh = `${path}.${randomBytes(4).toString('hex')}.new`
  try {
    const file = await open(fresh, 'w', 0o600)
    try {
      await file.writeFile(text)
      if (isLasting) await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    // A full disk is not to be filled further.
    await unlink(fresh).catch(() => {})
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
