// A lease store for the processes of one host, without a server: whoever binds a socket holds the lease, and the kernel frees it with the
// process. Term and exit are kept in a file beside it.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type {
  Candidate,
  Claim,
  HandoverRequest,
  Lease,
  LeaseAnswer,
  LeaseGuarantees,
  LeaseRecord,
  Release,
  Renewal,
} from '../protocol/lease.js'
import { demandElection } from './election.js'
import { LocalCalls } from './local-calls.js'
import { openFolder } from './local-folder.js'
import { isAlive, LocalLock, type LockPlace } from './local-lock.js'
import { type Kept, RecordFiles } from './local-record.js'
import { LocalWatch } from './local-watch.js'

/** Where a host keeps its leases. */
export interface LocalLeaseOptions {
  /**
   * A folder on a disk of this host, made with mode 0700 if it is not there. All who compete must name the same one. Default:
   * `quiesce-<uid>` in the folder for temporary files, which does not outlive a restart of the host: then terms begin anew, and the store
   * promises no more than `token: 'may-regress'`.
   */
  readonly directory?: string
}

/**
 * A lease store for the processes of one Linux host. The lease ends with the process that holds it, at once, also when that is killed; a
 * process that is merely stopped (SIGSTOP, a suspended machine) goes on holding it. So leases do not expire, and `leaseMs` means nothing
 * to the store. A record that is lost or damaged is refused with `StoreRefusedError`; no term is ever granted twice.
 *
 * @throws TypeError for an election without a name; Error on another system than Linux, and when the folder cannot be used: then it says
 * why, and what to do.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { localLease } from 'quiesce/lease/local'
 *
 * const lease = localLease('billing', { directory: mkdtempSync(join(tmpdir(), 'billing-')) })
 * const { signal } = new AbortController()
 * const candidate = { id: 'a', incarnation: crypto.randomUUID() }
 * const { version } = await lease.read(signal)
 * const claim = { candidate, leaseMs: 15_000, version, watchedOut: false, notAfterMs: undefined }
 * const { ok, record } = await lease.acquire(claim, signal)
 * console.log(ok, record.term, record.holder?.id) // true 1n a
 * ```
 */
export function localLease(election: string, { directory }: LocalLeaseOptions = {}): Lease {
  demandElection('localLease', election)
  if (process.platform !== 'linux')
    throw new Error(
      `localLease needs abstract Unix sockets, which only Linux has, not ${process.platform}: the lease would not be free when its holder is killed. Take memoryLease (quiesce/lease/memory) within one process, or a lease in a database (quiesce/lease/postgres).`,
    )
  return new LocalLease(election, directory)
}

/** What this process holds. */
interface Held {
  readonly lock: LocalLock
  kept: Kept
}

// All that fits: Node 20 fills a shorter name up with zero bytes, later ones do not, and would bind another one.
const ABSTRACT_NAME = 108
const LONGEST_SLUG = 16
const HEX_DIGITS = 16
const LONGEST_NAME = LONGEST_SLUG + 1 + HEX_DIGITS + '-12345678.sock.new'.length

class LocalLease implements Lease {
  readonly election: string
  readonly guarantees: LeaseGuarantees
  readonly #calls: LocalCalls
  readonly #place: LockPlace
  readonly #files: RecordFiles
  readonly #watch: LocalWatch
  #held: Held | undefined

  constructor(election: string, directory: string | undefined) {
    this.election = election
    this.#calls = new LocalCalls(election)
    this.guarantees = {
      exclusion: 'single-node',
      expiry: 'none',
      token: directory === undefined ? 'may-regress' : 'monotonic',
      watch: true,
    }
    const slug = election.replace(/[^A-Za-z0-9]+/g, '-').slice(0, LONGEST_SLUG)
    const prefix = `${slug}-${sha256(election).slice(0, HEX_DIGITS)}`
    const folder = openFolder(directory, LONGEST_NAME)
    const abstract = `\0quiesce-lease-${sha256(`${folder}\0${election}`)}`.padEnd(ABSTRACT_NAME, '-')
    this.#place = { abstract, folder, prefix }
    this.#files = new RecordFiles(election, join(folder, prefix))
    this.#watch = new LocalWatch({ folder, prefix, holderPaths: () => this.#pathsOfOther() })
  }

  read(signal: AbortSignal): Promise<LeaseRecord> {
    return this.#calls.atOnce('read', signal, async () => this.#recordOf(await this.#files.read()))
  }

  acquire({ candidate, leaseMs, version }: Claim, signal: AbortSignal): Promise<LeaseAnswer> {
    return this.#calls.inLine('acquire', signal, async () => {
      // Looked up first, so that nobody takes the lock in vain from before those who could use it.
      if (this.#held !== undefined || versionOf(await this.#files.read()) !== version) return this.#no()
      const lock = await LocalLock.take(this.#place)
      if (lock === undefined) return this.#no()
      try {
        // Whoever the record names is dead, or has released it: the lock was free.
        const before = await this.#files.read()
        if (versionOf(before) === version && !signal.aborted) {
          const kept: Kept = {
            term: before.term + 1n,
            holder: { id: candidate.id, incarnation: candidate.incarnation },
            leaseMs,
            phase: 'held',
            lastExit: before.lastExit,
            handover: undefined,
            writes: before.writes + 1,
            sign: lock.id,
            releasedBy: undefined,
          }
          await this.#files.write(kept)
          // Nobody was told of the grant if the caller is gone by now, and nobody would ever give the lease back.
          if (!signal.aborted) this.#held = { lock, kept }
        }
      } finally {
        if (this.#held === undefined) lock.free()
      }
      return this.#held === undefined ? this.#no() : { ok: true, record: await this.#recordOf(this.#held.kept) }
    })
  }

  renew({ candidate, term, leaseMs, phase }: Renewal, signal: AbortSignal): Promise<LeaseAnswer> {
    return this.#calls.inLine('renew', signal, async () => {
      const held = this.#heldBy(candidate, term)
      if (held === undefined) return this.#no()
      const { kept } = held
      // What changes nothing is not written, for the sake of flash memory: the lease is not held by the file.
      if (kept.leaseMs !== leaseMs || kept.phase !== phase || !(await this.#isAsWritten(kept)))
        await this.#write(held, { ...kept, leaseMs, phase })
      return { ok: true, record: await this.#recordOf(await this.#files.read()) }
    })
  }

  release({ candidate, exit, to }: Release, signal: AbortSignal): Promise<LeaseAnswer> {
    return this.#calls.inLine('release', signal, async () => {
      const held = this.#heldBy(candidate, exit.term)
      if (held === undefined) {
        const kept = await this.#files.read()
        const isRepeated = kept.term === exit.term && kept.releasedBy === candidate.incarnation
        return { ok: isRepeated, record: await this.#recordOf(kept) }
      }
      const { kept, lock } = held
      const wish = await this.#files.read().catch(() => undefined)
      const written = this.#write(held, {
        ...kept,
        holder: undefined,
        phase: 'vacant',
        lastExit: { ...exit },
        handover: to === undefined ? wish?.handover : { to, nonce: `release of term ${kept.term}` },
        sign: undefined,
        releasedBy: candidate.incarnation,
      })
      // What was lost is let go of though the disk be full: that nobody lives who holds it says as much, and nobody would try again.
      await (exit.drained ? written : written.catch(() => {}))
      this.#held = undefined
      lock.free()
      return { ok: true, record: await this.#recordOf(held.kept) }
    })
  }

  /**
   * Written into a file of its own, not sent to the holder: the folder says who may, the holder may be stopped, and a wish that was
   * made of another term counts for nothing.
   */
  requestHandover({ term, to, nonce }: HandoverRequest, signal: AbortSignal): Promise<LeaseAnswer> {
    return this.#calls.atOnce('requestHandover', signal, async () => {
      const before = await this.#recordOf(await this.#files.read())
      if (before.phase === 'vacant' || before.term !== term) return this.#no()
      await this.#files.writeWish({ term, to, nonce })
      const record = await this.#recordOf(await this.#files.read())
      // It may have been released meanwhile, with the wish or without it; and another wish may have taken the place of this one.
      return { ok: record.term === term && (record.handover?.nonce === nonce || record.phase !== 'vacant'), record }
    })
  }

  observe(onChange: () => void): () => void {
    return this.#watch.observe(onChange)
  }

  #heldBy({ incarnation }: Candidate, term: bigint): Held | undefined {
    const { kept } = this.#held ?? {}
    return kept?.term === term && kept.holder?.incarnation === incarnation ? this.#held : undefined
  }

  async #write(held: Held, kept: Kept): Promise<void> {
    const next = { ...kept, writes: held.kept.writes + 1 }
    await this.#files.write(next)
    held.kept = next
  }

  // The holder knows what the file should say, and writes it again for who has lost it.
  async #isAsWritten({ writes }: Kept): Promise<boolean> {
    const found = await this.#files.read().catch(() => undefined)
    return found?.writes === writes
  }

  async #no(): Promise<LeaseAnswer> {
    return { ok: false, record: await this.#recordOf(await this.#files.read()) }
  }

  /** The record as others see it: vacant when its holder does not live any more. */
  async #recordOf(kept: Kept): Promise<LeaseRecord> {
    const { term, holder, leaseMs, lastExit, handover } = kept
    const isHeld = kept.sign !== undefined && (await this.#isHolderAlive(kept.sign))
    return {
      term,
      holder: isHeld && holder !== undefined ? { ...holder } : undefined,
      leaseMs,
      version: versionOf(kept),
      phase: isHeld ? kept.phase : 'vacant',
      lastExit: lastExit === undefined ? undefined : { ...lastExit },
      handover: handover === undefined ? undefined : { ...handover },
      expiresInMs: undefined,
      storeNowMs: undefined,
    }
  }

  async #isHolderAlive(sign: string): Promise<boolean> {
    if (this.#held?.lock.id === sign) return true
    // The second is for a folder from which somebody has swept the sockets away.
    return (await isAlive(join(this.#place.folder, sign))) || (await isAlive(this.#place.abstract))
  }

  async #pathsOfOther(): Promise<readonly string[]> {
    const { sign } = await this.#files.read()
    return sign === undefined || sign === this.#held?.lock.id ? [] : [join(this.#place.folder, sign), this.#place.abstract]
  }
}

/** A wish is written without the record: it is part of the version. */
function versionOf({ term, writes, handover }: Kept): string {
  return JSON.stringify([String(term), writes, handover?.to, handover?.nonce])
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
