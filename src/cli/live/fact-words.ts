// One fact as a line for people: who, and what happened, in as few words as it takes.

import { formatMs } from '../../base/duration.js'
import type { WireFact } from '../../observe/frames.js'
import type { Tone } from '../paint.js'

/** What happened, and how it is to be taken. */
export interface FactWords {
  readonly text: string
  readonly tone: Tone | undefined
}

/** A fact in words; undefined for what is said by another one, or by no person. */
export function wordsOf(fact: WireFact): FactWords | undefined {
  switch (fact.type) {
    case 'starting':
      return said(`starting${fact.incarnation > 1 ? `, run #${fact.incarnation}` : ''}`, 'faint')
    case 'started':
      return said(`ready after ${time(fact.tookMs)}`, 'good')
    case 'start-failed':
      return said(`did not start, after ${time(fact.tookMs)}: ${fact.error.message}`, 'bad')
    case 'ignored':
      return said('asked not to be started')
    case 'slow-start':
      return said(`still starting after ${time(fact.afterMs)}`, 'busy')
    case 'draining':
      return said(drainingWords(fact))
    case 'closing':
      return said('releasing what it holds')
    case 'crashed':
      return said(`crashed: ${fact.error.message}`, 'bad')
    case 'forced':
      return said(fact.inFlight === 0 ? 'its time is over' : `its time is over, ${fact.inFlight} in flight cut off`, 'bad')
    case 'stopped':
      return stoppedWords(fact)
    case 'hook-failed':
      return said(`${fact.hook} failed: ${fact.error.message}`, 'bad')
    case 'health-missed':
      return said(`health check missed, ${fact.misses} of ${fact.limit}: ${fact.error.message}`, 'busy')
    case 'restarting':
      return said(`restart ${fact.count} of at most ${fact.max} in ${time(fact.withinMs)}`, 'busy')
    case 'backing-off':
      return said(`starts again in ${time(fact.delayMs)}, attempt ${fact.attempt}`, 'busy')
    case 'gave-up':
      return said(`gave up: ${fact.error.message}`, 'bad')
    case 'late-error':
    case 'request-failed':
      return said(`${fact.type === 'late-error' ? 'an error after its end' : 'a request failed'}: ${fact.error.message}`, 'busy')
    case 'late-start':
      return said('started after it had been given up; released')
    case 'late-ack':
      return said('a hook ended after the service had been given up')
    case 'deleted':
      return said('is no longer in the tree', 'faint')
    default:
      return termWords(fact) ?? stopWords(fact)
  }
}

function said(text: string, tone?: Tone): FactWords {
  return { text, tone }
}

// A time without a limit is sent as null.
function time(ms: number | null): string {
  return formatMs(ms ?? Number.POSITIVE_INFINITY)
}

function drainingWords({ state, inFlight, deadlineMs }: WireFact & { readonly type: 'draining' }): string {
  const limit = deadlineMs === null ? '' : `, at most ${time(deadlineMs)}`
  if (state === 'cancelling') return `its start is called off${limit}`
  if (state === 'closing') return `releasing what it holds${limit}`
  return `${inFlight === 0 ? 'stopping' : `finishing ${inFlight} in flight`}${limit}`
}

function stoppedWords({ ending }: WireFact & { readonly type: 'stopped' }): FactWords {
  const { verdict, tookMs, forceCancelled, exit } = ending
  const cut = forceCancelled > 0 ? `, ${forceCancelled} cut off` : ''
  if (exit.reason === 'crash') return said(`stopped after its crash${cut}`, 'bad')
  if (verdict === 'acked') return said(`stopped in ${time(tookMs)}${cut}`, cut === '' ? undefined : 'busy')
  if (verdict === 'abandoned') return said(`given up after ${time(tookMs)}: a hook has not ended${cut}`, 'bad')
  return said(`${verdict} after ${time(tookMs)}${cut}`, 'bad')
}

function termWords(fact: WireFact): FactWords | undefined {
  switch (fact.type) {
    case 'promoting':
      return said(`holds the lease; is being promoted, term ${fact.term}`, 'busy')
    case 'promoted':
      return said(`leads, term ${fact.term}, promoted in ${time(fact.tookMs)}`, 'good')
    case 'promotion-failed':
      return said(`not promoted: ${fact.phase} failed: ${fact.error.message}`, 'bad')
    case 'stepping-down':
      return said(`steps down from term ${fact.term}: ${fact.why}`, 'busy')
    case 'stepped-down':
      return said(`stepped down from term ${fact.term} in ${time(fact.tookMs)}`)
    case 'lease-lost':
      return said(`lost the lease of term ${fact.term}: ${fact.why}`, 'bad')
    case 'fence-failed':
      return said(`the lease of term ${fact.term} has run out and its work still runs`, 'bad')
    case 'store-unknown':
      return said(`the lease store gave no answer to ${fact.call}: ${fact.error.message}`, 'busy')
    default:
      return undefined
  }
}

function stopWords(fact: WireFact): FactWords | undefined {
  switch (fact.type) {
    case 'shutdown-started':
      return said(`stops (${fact.reason}), ${fact.inFlight} in flight, at most ${time(fact.budgetMs)}`, 'busy')
    case 'shutdown-ended': {
      const { clean, tookMs, forceCancelled } = fact.summary
      return said(
        `stopped${clean ? ' cleanly' : ''} in ${time(tookMs)}${forceCancelled > 0 ? `, ${forceCancelled} cut off` : ''}`,
        clean ? 'good' : 'bad',
      )
    }
    case 'phase-ended':
      return said(`${PHASES[fact.phase]}${fact.failed ? ' failed' : ''}: ${time(fact.tookMs)}`, fact.failed ? 'bad' : 'faint')
    default:
      return undefined
  }
}

/** The phases of a stop as people call them. */
export const PHASES = {
  'lame-duck': 'balancers took notice',
  edges: 'edges drained',
  tree: 'all others stopped',
  scrape: 'last scrape',
  spans: 'spans handed on',
  logs: 'logs written',
} as const
