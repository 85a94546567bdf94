// What one place has gone through: each of its lives, how it ended, why, and what its supervisor did about it.
import { addressAbove } from '../../base/address.js'
import type { Held } from '../../protocol/fact.js'
import type { WireFact } from '../watch/frames.js'
import type { FactList } from './fact-list.js'
import { causesOf } from './fact-words.js'

/** One incarnation, as far as it has come. Moments are on the clock of the facts. */
export interface Life {
  readonly incarnation: number
  readonly startingAt: number | undefined
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  /** How it ended: `crash`, `shutdown`, `killed`, `normal`, or `start-failed`; undefined while it lives. */
  readonly exit: string | undefined
  readonly verdict: string | undefined
  /** What it still held when it was ended by force, or crashed with work in flight. */
  readonly held: Held | undefined
  /** Why, nearest first: its own error and its causes; for one that went with its group the one that began it. */
  readonly causes: readonly string[]
  /** What its supervisor said when it started it anew: `restart 2 of at most 3 within 5.00 s`. */
  readonly restart: { readonly count: number; readonly max: number; readonly withinMs: number | null } | undefined
  /** How long it was waited before the next start. */
  readonly waitMs: number | undefined
}

const NO_LIFE: Omit<Life, 'incarnation'> = {
  startingAt: undefined,
  startedAt: undefined,
  endedAt: undefined,
  exit: undefined,
  verdict: undefined,
  held: undefined,
  causes: [],
  restart: undefined,
  waitMs: undefined,
}

/** The lives of a place up to a number of a fact, latest first. */
export function livesOf(facts: FactList, address: string, untilSeq: number): Life[] {
  const lives = new Map<number, Life>()
  let latest = 0
  const change = (incarnation: number, changes: Partial<Life>): void => {
    latest = Math.max(latest, incarnation)
    lives.set(incarnation, { ...(lives.get(incarnation) ?? { incarnation, ...NO_LIFE }), ...changes })
  }
  for (const { fact } of facts.about(address, untilSeq)) {
    if (fact.address !== address) continue
    if ('incarnation' in fact && fact.incarnation !== undefined) {
      const changes = inLife(fact, lives.get(fact.incarnation))
      if (changes !== undefined) change(fact.incarnation, changes)
    } else if (latest > 0) {
      const changes = betweenLives(fact, lives.get(latest))
      if (changes !== undefined) change(latest, changes)
    }
  }
  const all = [...lives.values()].sort((one, other) => other.incarnation - one.incarnation)
  return all.map((life, index) => (index > 0 && life.causes.length === 0 ? { ...life, causes: groupCause(facts, address, life) } : life))
}

function inLife(fact: WireFact, life: Life | undefined): Partial<Life> | undefined {
  switch (fact.type) {
    case 'starting':
      return { startingAt: fact.at }
    case 'started':
      return { startedAt: fact.at }
    case 'start-failed':
      return { endedAt: fact.at, exit: 'start-failed', causes: causesOf(fact.error) }
    case 'crashed':
      return { causes: causesOf(fact.error) }
    case 'stopped': {
      const { exit, verdict, held } = fact.ending
      const causes = exit.reason === 'crash' && !life?.causes.length ? causesOf(exit.cause) : (life?.causes ?? [])
      return { endedAt: fact.at, exit: exit.reason, verdict, held, causes }
    }
    default:
      return undefined
  }
}

function betweenLives(fact: WireFact, life: Life | undefined): Partial<Life> | undefined {
  switch (fact.type) {
    case 'restarting': {
      const { count, max, withinMs } = fact
      return { restart: { count, max, withinMs }, ...(life?.causes.length ? {} : { causes: causesOf(fact.cause) }) }
    }
    case 'backing-off':
      return { waitMs: fact.delayMs ?? undefined }
    case 'gave-up':
      return { causes: causesOf(fact.error) }
    default:
      return undefined
  }
}

// It was stopped and started anew though nothing was wrong with it: then somebody of its group crashed shortly before it was asked.
function groupCause(facts: FactList, address: string, life: Life): readonly string[] {
  if (life.exit !== 'shutdown' || life.endedAt === undefined) return []
  const supervisor = addressAbove(address)
  const ended = life.endedAt
  const restart = facts
    .about(supervisor)
    .findLast(({ fact }) => fact.type === 'restarting' && fact.at <= ended && fact.address !== address)?.fact
  if (restart?.type !== 'restarting' || (life.startedAt ?? 0) > restart.at) return []
  return [`restarted with ${restart.address}`, ...causesOf(restart.cause)]
}
