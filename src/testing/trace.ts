// What happened in one run, in order: the runtime's facts, the calls of hooks and how they ended, what was asked of the system, and
// the moments at which nothing could go on without time passing. Laws are checks over this and nothing else.
import type { Report } from '../policy/report.js'
import type { Fact } from '../protocol/fact.js'

/** A hook of a service; `defer` is one of the releases that it has deferred. */
export type HookName = 'start' | 'run' | 'drain' | 'stop' | 'defer'

interface At {
  /** Milliseconds of virtual time. */
  readonly at: number
}

interface OfHook extends At {
  readonly address: string
  readonly incarnation: number
  readonly hook: HookName
}

/** Whether a hook begins a life: nobody has set it a deadline yet. */
export function isBeginning(hook: HookName): boolean {
  return hook === 'start' || hook === 'run'
}

/** A hook was called. */
export interface Called extends OfHook {
  readonly type: 'called'
  /** `ctx.remainingMs()` at that moment. */
  readonly remainingMs: number
  /** Whether its signal was aborted already. */
  readonly aborted: boolean
  /** How many permits of the service were out. */
  readonly permits: number
}

/** A hook has answered. */
export interface Answered extends OfHook {
  readonly type: 'answered'
  readonly how: 'ok' | 'error' | 'foreign-abort' | 'own-abort' | 'ignored'
}

/** Something was asked of the system. */
export interface Asked extends At {
  readonly type: 'asked'
  readonly what: 'start' | 'stop' | 'hurry' | 'kill' | 'crash' | 'exit' | 'terminate' | 'restart' | 'renew' | 'delete' | 'add'
  /** The address it is about; the root's for the whole. */
  readonly address: string
  readonly deadlineMs?: number | undefined
}

/** A fake resource was opened, worked with, or has really closed. */
export interface OfResource extends At {
  readonly type: 'opened' | 'used' | 'closed'
  /** Its name: the address of its service, and its own name if it has one. */
  readonly resource: string
  /** Tells it from earlier ones of its name. */
  readonly number: number
  /** Its service. */
  readonly address: string
  readonly incarnation: number
  /** For `opened` those that it uses, for `used` the one that worked with it; as `name#number`. */
  readonly others: readonly string[]
}

/** The permits that are out, by the addresses of the services that hold accepted work. */
export type Permits = ReadonlyMap<string, number>

/** One thing that happened. */
export type TraceEvent =
  /** The runtime has told a fact; with a request to stop, `busy` says who still held accepted work. */
  | { readonly type: 'fact'; readonly at: number; readonly fact: Fact; readonly busy?: Permits }
  | Called
  | Answered
  | Asked
  | OfResource
  /** A call to a supervisor was answered. */
  | (At & { readonly type: 'replied'; readonly address: string; readonly ok: boolean })
  /** All that could happen without time passing has happened. */
  | (At & { readonly type: 'rested'; readonly busy: Permits })
  /** The promise of a stop has resolved; once for each call. */
  | (At & { readonly type: 'reported'; readonly report: Report; readonly isSame: boolean })
  /** Nothing more will ever happen: what the runtime has left behind. */
  | (At & { readonly type: 'over'; readonly timers: number; readonly actors: number; readonly unanswered: readonly string[] })

/** One line of a trace, for people. */
function drawEvent(event: TraceEvent): string {
  const time = `${event.at.toFixed(0).padStart(6)} ms  `
  switch (event.type) {
    case 'fact':
      return `${time}${drawFact(event.fact)}`
    case 'called':
      return `${time}  ${event.address}#${event.incarnation} ${event.hook}() …${event.aborted ? ' (aborted)' : ''} ${event.remainingMs} ms left`
    case 'answered':
      return `${time}  ${event.address}#${event.incarnation} ${event.hook}() → ${event.how}`
    case 'asked':
      return `${time}> ${event.what} ${event.address}${event.deadlineMs === undefined ? '' : ` within ${event.deadlineMs} ms`}`
    case 'replied':
      return `${time}< ${event.address} ${event.ok ? 'ok' : 'refused'}`
    case 'reported':
      return `${time}= report ${JSON.stringify(event.report.totals)} ${event.report.reason}`
    case 'over':
      return `${time}= over: ${event.timers} timers, ${event.actors} actors, ${event.unanswered.length} unanswered calls`
    case 'rested':
      return `${time}.`
    default:
      return `${time}  ${event.resource}#${event.number} ${event.type}${event.type === 'used' ? ` by ${event.others.join()}` : ''}`
  }
}

function drawFact(fact: Fact): string {
  const name = 'incarnation' in fact ? `${fact.address}#${fact.incarnation}` : fact.address
  const { type, at: _at, address: _address, ...rest } = fact
  const words = Object.entries(rest).flatMap(([key, value]) => {
    if (key === 'incarnation' || value === undefined) return []
    if (key === 'exit') return [`exit ${fact.type === 'report' ? fact.exit.reason : ''}`]
    if (key === 'ending') return [`${fact.type === 'stopped' ? `${fact.ending.exit.reason}, ${fact.ending.verdict}` : ''}`]
    return [`${key} ${value instanceof Error ? value.message : typeof value === 'object' ? JSON.stringify(value) : String(value)}`]
  })
  return `${name} ${type} ${words.join(', ')}`
}

/** The whole trace as text. */
export function drawTrace(events: readonly TraceEvent[]): string {
  return events
    .filter(({ type }) => type !== 'rested')
    .map(drawEvent)
    .join('\n')
}
