// Facts as log lines: one for each step of each handshake, never a message body.
import { describe } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { logError } from '../../base/log-error.js'
import type { Exit } from '../../protocol/exit.js'
import type { Fact, FactType, ForcedWhy } from '../../protocol/fact.js'

/** The facts that have a line. The daemon has lines of its own for what concerns the whole; the others are for those who look. */
export const LOGGED: ReadonlySet<FactType> = new Set<FactType>([
  'starting',
  'started',
  'start-failed',
  'ignored',
  'slow-start',
  'stop-requested',
  'draining',
  'crashed',
  'forced',
  'stopped',
  'late-start',
  'late-ack',
  'late-error',
  'hook-failed',
  'request-failed',
  'health-missed',
  'restarting',
  'backing-off',
  'report',
  'gave-up',
  'promoting',
  'promoted',
  'promotion-failed',
  'stepping-down',
  'stepped-down',
  'lease-lost',
  'fence-failed',
  'store-unknown',
])

const FORCED_WORDS: Readonly<Record<ForcedWhy, string>> = {
  expired: 'the time for finishing is over',
  hurry: 'hurried',
  kill: 'killed',
}

/** Writes facts to a log. */
export function logFact(log: Log, fact: Fact): void {
  const about = 'incarnation' in fact ? { service: fact.address, incarnation: fact.incarnation } : { service: fact.address }
  switch (fact.type) {
    case 'starting':
      return log.info(about, 'starting')
    case 'started':
      return log.info({ ...about, tookMs: round(fact.tookMs) }, 'ready')
    case 'start-failed':
      return log.error({ ...about, tookMs: round(fact.tookMs), ...logError(fact.error) }, 'start failed')
    case 'ignored':
      return log.info(about, 'ignored: it asked not to be started')
    case 'slow-start':
      return log.warn({ ...about, afterMs: fact.afterMs }, 'still starting')
    case 'stop-requested':
      return log.debug({ ...about, by: fact.by }, 'stop requested')
    case 'draining':
      return log.info({ ...about, inFlight: fact.inFlight, deadlineMs: finite(fact.deadlineMs) }, 'draining')
    case 'crashed':
      return log.error({ ...about, ...logError(fact.error) }, 'crashed')
    case 'forced':
      return log.warn({ ...about, inFlight: fact.inFlight, why: fact.why }, `forced: ${FORCED_WORDS[fact.why]}`)
    case 'stopped':
      return logStopped(log, about, fact)
    case 'late-start':
      return log.warn(about, 'started after it had been given up; released')
    case 'late-ack':
      return log.warn(about, 'a hook ended after the service had been given up')
    case 'late-error':
      return log.warn({ ...about, ...logError(fact.error) }, 'an error of an incarnation that has ended')
    case 'hook-failed':
      return log.error({ ...about, hook: fact.hook, ...logError(fact.error) }, `${fact.hook} failed; the stop goes on`)
    case 'request-failed':
      return log.error({ ...about, ...logError(fact.error) }, 'a request failed')
    case 'health-missed':
      return log.warn({ ...about, misses: fact.misses, limit: fact.limit, ...logError(fact.error) }, 'health check missed')
    case 'restarting':
      return log.warn(
        { ...about, count: fact.count, max: fact.max, withinMs: fact.withinMs, cause: describe(fact.cause) },
        `restart ${fact.count} of at most ${fact.max} within ${fact.withinMs} ms`,
      )
    case 'backing-off':
      return log.warn({ ...about, attempt: fact.attempt, delayMs: round(fact.delayMs) }, 'waiting before the next start')
    case 'report':
      return log.debug({ ...about, context: fact.context, exit: wordOf(fact.exit) }, 'supervisor report')
    case 'gave-up':
      return log.error({ ...about, ...logError(fact.error) }, 'gave up')
    default:
      if ('election' in fact) logTermFact(log, about, fact)
  }
}

type TermFact = Extract<Fact, { readonly election: string }>

function logTermFact(log: Log, service: object, fact: TermFact): void {
  const about = { ...service, election: fact.election, ...('term' in fact ? { term: String(fact.term) } : {}) }
  switch (fact.type) {
    case 'promoting':
      return log.info(about, 'holds the lease; being promoted')
    case 'promoted':
      return log.info({ ...about, tookMs: round(fact.tookMs) }, 'leads')
    case 'promotion-failed':
      return log.error({ ...about, phase: fact.phase, ...logError(fact.error) }, `not promoted: ${fact.phase} failed`)
    case 'stepping-down':
      return log.info({ ...about, why: fact.why, inFlight: fact.inFlight }, 'steps down')
    case 'stepped-down':
      return log.info({ ...about, why: fact.why, tookMs: round(fact.tookMs) }, 'stepped down')
    case 'lease-lost':
      return log.error({ ...about, why: fact.why, running: fact.running }, 'lost the lease')
    case 'fence-failed':
      return log.fatal({ ...about, running: fact.running }, 'the lease has run out and its work still runs')
    case 'store-unknown':
      return log.warn({ ...about, call: fact.call, ...logError(fact.error) }, `a call to the lease store failed: ${fact.call}`)
  }
}

function logStopped(log: Log, about: object, { ending }: Extract<Fact, { type: 'stopped' }>): void {
  const fields = {
    ...about,
    tookMs: round(ending.tookMs),
    settleMs: rounded(ending.settleMs),
    exit: ending.exit.reason,
    verdict: ending.verdict,
  }
  if (ending.verdict === 'acked') return log.info(fields, 'stopped')
  log.warn(
    { ...fields, forceCancelled: ending.forceCancelled, held: ending.held },
    ending.verdict === 'abandoned' ? 'given up: a hook has not ended' : 'stopped',
  )
}

function wordOf(exit: Exit): string {
  return exit.reason === 'crash' ? `crash: ${describe(exit.cause)}` : exit.reason
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : round(ms)
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.round(ms) : undefined
}
