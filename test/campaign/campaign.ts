// A campaign: processes that compete for one lease are stopped, continued, killed and told to end, at seeded random, round after round.
// After each round somebody must write again; at the end everything that arrived is replayed.
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../src/testing/seeded.js'
import { Fleet, type Member, type StoreName } from './fleet.js'
import { type Replay, replay } from './ledger.js'

/** How long and of what kind a campaign is. */
export interface CampaignOptions {
  readonly store: StoreName
  readonly rounds: number
  readonly seed: number
  /** After this long without a write it is taken for hung. */
  readonly hangMs?: number
  /** Only the faults whose names contain this. */
  readonly fault?: string
  readonly tell?: (line: string) => void
}

/** What a campaign has found. */
export interface Outcome extends Replay {
  /** How often each fault was played. */
  readonly played: Readonly<Record<string, number>>
  /** From the end of each fault to the next accepted write, in milliseconds, by fault. */
  readonly againMs: Readonly<Record<string, readonly number[]>>
  /** What the processes said of losses and failures, and how often. */
  readonly said: Readonly<Record<string, number>>
}

const SIZE = 3
const HANG_MS = 30_000

class Campaign {
  readonly #fleet: Fleet
  readonly #random: () => number
  readonly #hangMs: number
  readonly #names: readonly string[]
  #deck: string[] = []

  constructor(fleet: Fleet, { seed, hangMs = HANG_MS, fault = '' }: CampaignOptions) {
    this.#fleet = fleet
    this.#random = seeded(seed)
    this.#hangMs = hangMs
    this.#names = Object.keys(this.faults).filter((name) => name.includes(fault))
  }

  /** The faults by name; each resolves when somebody writes again, and answers with how long that took. */
  readonly faults: Readonly<Record<string, () => Promise<number>>> = {
    'SIGTERM for the leader': async () => {
      const leader = this.#leader
      const again = this.#writesBeyond(leader)
      this.#fleet.signal(leader, 'SIGTERM')
      const { code, stderr } = await leader.daemon.exited
      if (code !== 0) throw new Error(`${leader.id} ended with ${code}: ${stderr}\n${leader.daemon.transcript}`)
      this.#replace(leader)
      return await again
    },
    'SIGKILL for the leader': async () => {
      const leader = this.#leader
      const again = this.#writesBeyond(leader)
      this.#fleet.signal(leader, 'SIGKILL')
      this.#replace(leader)
      return await again
    },
    'SIGKILL for the leader and a standby': async () => {
      const leader = this.#leader
      const standby = this.#standby(leader)
      const again = this.#writesBeyond(leader)
      for (const member of [leader, standby]) {
        this.#fleet.signal(member, 'SIGKILL')
        this.#replace(member)
      }
      return await again
    },
    'the leader is stopped for a while': async () => {
      const leader = this.#leader
      this.#fleet.signal(leader, 'SIGSTOP')
      await sleep(this.#random() * 2_500)
      this.#fleet.signal(leader, 'SIGCONT')
      return await this.#write('after the leader went on', () => true)
    },
    'the leader is stopped until it is replaced': async () => {
      const leader = this.#leader
      const again = this.#writesBeyond(leader)
      this.#fleet.signal(leader, 'SIGSTOP')
      // A lease that is held as long as its process is there: only its end frees it.
      if (this.#fleet.store === 'local') this.#fleet.signal(leader, 'SIGKILL')
      const ms = await again
      if (this.#fleet.store === 'local') this.#replace(leader)
      else this.#fleet.signal(leader, 'SIGCONT')
      return ms
    },
    'a standby is stopped while the leader goes': async () => {
      const leader = this.#leader
      const standby = this.#standby(leader)
      this.#fleet.signal(standby, 'SIGSTOP')
      const again = this.#writesBeyond(leader)
      this.#fleet.signal(leader, this.#random() < 0.5 ? 'SIGTERM' : 'SIGKILL')
      this.#replace(leader)
      const ms = await again
      this.#fleet.signal(standby, 'SIGCONT')
      return ms
    },
    'a standby is promoted': async () => {
      const leader = this.#leader
      const standby = this.#standby(leader)
      await standby.daemon.ready()
      const again = this.#writesBeyond(leader)
      standby.daemon.tell('promote')
      return await again
    },
    'SIGKILL for a standby': async () => {
      const standby = this.#standby(this.#leader)
      this.#fleet.signal(standby, 'SIGKILL')
      await this.#replace(standby).daemon.ready()
      return await this.#write('after a standby was killed', () => true)
    },
  }

  get #leader(): Member {
    const { leader } = this.#fleet
    if (leader === undefined) throw new Error('nobody leads')
    return leader
  }

  #standby(leader: Member): Member {
    const others = this.#fleet.members.filter((member) => member !== leader)
    return others[Math.floor(this.#random() * others.length)] as Member
  }

  #replace(member: Member): Member {
    this.#fleet.forget(member)
    return this.#fleet.spawn()
  }

  #write(why: string, matches: (writer: string) => boolean): Promise<number> {
    const from = performance.now()
    const written = this.#fleet.ledger.nextWrite(why, ({ writer }) => matches(writer), this.#hangMs)
    return written.then(
      () => performance.now() - from,
      (error: Error) => {
        throw new Error(`${error.message}\n${this.#fleet.transcript}`)
      },
    )
  }

  #writesBeyond({ id }: Member): Promise<number> {
    const written = this.#write(`after ${id} led`, (writer) => writer !== id)
    // Awaited only when the fault is over.
    written.catch(() => {})
    return written
  }

  /** What is played next: all of them, in an order left to chance, then all over again. */
  pick(): string {
    if (this.#deck.length === 0) this.#deck = [...this.#names]
    const [name] = this.#deck.splice(Math.floor(this.#random() * this.#deck.length), 1)
    return name as string
  }

  /** Lets the leader work for a while: so many writes. */
  async business(): Promise<void> {
    for (let left = Math.floor(this.#random() * 30); left > 0; left -= 1) await this.#write('in peace', () => true)
  }
}

/** Plays the rounds, and replays what arrived. */
export async function campaign(options: CampaignOptions): Promise<Outcome> {
  const { store, rounds, hangMs = HANG_MS, tell = () => {} } = options
  await using fleet = await Fleet.open(store, SIZE, {})
  await fleet.ledger.nextWrite('after the start', () => true, hangMs)
  const play = new Campaign(fleet, options)
  const played: Record<string, number> = {}
  const againMs: Record<string, number[]> = {}
  for (let round = 1; round <= rounds; round += 1) {
    // What is timed is the change of leaders, not the start of processes.
    await Promise.all(fleet.members.map(({ daemon }) => daemon.ready()))
    const name = play.pick()
    played[name] = (played[name] ?? 0) + 1
    const ms = await (play.faults[name] as () => Promise<number>)()
    againMs[name] = [...(againMs[name] ?? []), ms]
    await play.business()
    tell(`${round}: ${name}: written again after ${Math.round(ms)} ms, term ${fleet.ledger.latest?.term}`)
  }
  const found = replay(fleet.ledger.history)
  return { ...found, violations: [...found.violations, ...(await fleet.disorderInTable())], played, againMs, said: fleet.complaints }
}
