// Facts as people read them: a few words each, how bad it is, and what else it says.
import { formatMs } from '../../base/duration.js'
import type { ForcedWhy } from '../../protocol/fact.js'
import type { FactFrame, WireError, WireFact } from '../watch/frames.js'

/** How much a fact is worth looking at. */
export type Tone = 'plain' | 'good' | 'busy' | 'warn' | 'bad'

/** A fact in words. */
export interface FactWords {
  readonly text: string
  readonly tone: Tone
  /** An error and its causes, nearest first. */
  readonly causes: readonly string[]
}

// In one line.
function errorLine({ name, message, code }: WireError): string {
  const kind = code === undefined ? name : `${name} ${code}`
  // What was thrown may be no error at all: then its name is its type.
  return (name === 'Error' || name === 'string') && code === undefined ? message : `${kind}: ${message}`
}

/** An error and what caused it, one line each. */
export function causesOf(error: WireError): string[] {
  return [errorLine(error), ...error.causes]
}

/** A time without a limit is null on the wire. */
function time(ms: number | null): string {
  return formatMs(ms ?? Number.POSITIVE_INFINITY)
}

const says = (text: string, tone: Tone = 'plain', error?: WireError): FactWords => ({
  text,
  tone,
  causes: error === undefined ? [] : causesOf(error),
})

/** What happened, in words. */
export function factWords({ fact }: FactFrame): FactWords {
  switch (fact.type) {
    case 'starting':
      return says(`starting, incarnation ${fact.incarnation}`, 'busy')
    case 'started':
      return says(`ready after ${time(fact.tookMs)}`, 'good')
    case 'start-failed':
      return says(`start failed after ${time(fact.tookMs)}`, 'bad', fact.error)
    case 'ignored':
      return says('asked not to be started')
    case 'slow-start':
      return says(`still starting after ${time(fact.afterMs)}`, 'warn')
    case 'stop-requested':
      return says(fact.by === 'kill' ? 'is to be ended by force' : 'asked to stop', fact.by === 'kill' ? 'bad' : 'plain')
    case 'draining':
      return says(drainingWords(fact), 'busy')
    case 'closing':
      return says('closing: releases what it holds', 'busy')
    case 'crashed':
      return says('crashed', 'bad', fact.error)
    case 'forced':
      return says(`${forcedWords(fact.why)}${fact.inFlight > 0 ? `: ${fact.inFlight} cut off` : ''}`, 'bad')
    case 'stopped':
      return stoppedWords(fact)
    case 'late-start':
      return says('started after it had been given up; released', 'warn')
    case 'late-ack':
      return says('a hook ended after it had been given up', 'warn')
    case 'late-error':
      return says('an error after its end', 'warn', fact.error)
    case 'hook-failed':
      return says(`${fact.hook} failed`, 'bad', fact.error)
    case 'request-failed':
      return says('a request failed', 'warn', fact.error)
    case 'health-missed':
      return says(`health check missed, ${fact.misses} of ${fact.limit}`, 'warn', fact.error)
    case 'transition':
      return says(`machine: ${valueWords(fact.value)}${fact.event === undefined ? '' : ` on ${fact.event}`}`)
    default:
      return aboutTree(fact)
  }
}

// An older recording does not say why.
function forcedWords(why: ForcedWhy | undefined): string {
  if (why === 'hurry') return 'hurried'
  return why === 'kill' ? 'ended at once' : 'time for finishing is over'
}

function aboutTree(fact: WireFact): FactWords {
  switch (fact.type) {
    case 'restarting':
      return says(`restart ${fact.count} of at most ${fact.max} within ${time(fact.withinMs)}, by ${fact.supervisor}`, 'warn', fact.cause)
    case 'backing-off':
      return says(`waits ${time(fact.delayMs)} before attempt ${fact.attempt}`, 'warn')
    case 'wait-dropped':
      return says('is not waited for any longer')
    case 'report':
      return says(`${fact.supervisor} reports ${fact.context.replace('_', ' ')}: ${fact.exit.reason}`)
    case 'gave-up':
      return says('gave up: too many restarts', 'bad', fact.error)
    case 'deleted':
      return says('left the tree')
    case 'shutdown-announced':
      return says(`asked to stop: ${fact.reason}`, 'busy')
    case 'shutdown-started':
      return says(`shutdown began: ${fact.reason}; ${time(fact.budgetMs)} to go`, 'busy')
    case 'shutdown-ended':
      return says(`shutdown over after ${time(fact.summary.tookMs)}`, fact.summary.clean ? 'good' : 'bad')
    case 'phase-started':
      return says(`phase ${fact.phase}`, 'busy')
    case 'phase-ended':
      return says(`phase ${fact.phase} over after ${time(fact.tookMs)}`, fact.failed ? 'bad' : 'plain')
    default:
      return aboutTerm(fact)
  }
}

function aboutTerm(fact: WireFact): FactWords {
  switch (fact.type) {
    case 'promoting':
      return says(`holds the lease of ${fact.election}, term ${fact.term}; being promoted`, 'busy')
    case 'promoted':
      return says(`leads ${fact.election} in term ${fact.term}`, 'good')
    case 'promotion-failed':
      return says(`not promoted: ${fact.phase} failed`, 'bad', fact.error)
    case 'stepping-down':
      return says(`steps down from term ${fact.term}: ${fact.why}`, 'busy')
    case 'stepped-down':
      return says(`stepped down from term ${fact.term} after ${time(fact.tookMs)}`)
    case 'lease-lost':
      return says(`lost the lease of term ${fact.term}: ${fact.why}`, 'bad')
    case 'fence-failed':
      return says(`term ${fact.term} has run out and its work still runs: ${fact.running.join(', ')}`, 'bad')
    case 'store-unknown':
      return says(`a call to the lease store failed: ${fact.call}`, 'warn', fact.error)
    default:
      // A newer daemon may tell what this page has never heard of.
      return says(fact.type)
  }
}

function drainingWords({ state, inFlight, deadlineMs }: WireFact & { readonly type: 'draining' }): string {
  if (state === 'cancelling') return 'its start is called off'
  if (state === 'closing') return 'ends: closing'
  const work = inFlight > 0 ? `finishing ${inFlight} in flight` : 'draining'
  return `${work}, ${deadlineMs === null ? 'no limit' : `at most ${time(deadlineMs)}`}`
}

function stoppedWords({ ending }: WireFact & { readonly type: 'stopped' }): FactWords {
  const { exit, verdict, tookMs, forceCancelled } = ending
  const how = verdict === 'abandoned' ? 'given up: a hook still runs' : verdict === 'killed' ? 'ended by force' : 'stopped'
  const lost = forceCancelled > 0 ? `, ${forceCancelled} cut off` : ''
  const isBad = verdict !== 'acked' || exit.reason === 'crash'
  return says(`${how}${exit.reason === 'crash' ? ' after a crash' : ''}, took ${time(tookMs)}${lost}`, isBad ? 'bad' : 'plain')
}

/** A state value of XState in one line: `paying.card`, `(a, b.c)`. */
export function valueWords(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const parts = Object.entries(value).map(([key, below]) => (isEmpty(below) ? key : `${key}.${valueWords(below)}`))
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
