// Spells what this runtime knows (exits, errors, refusals) as the Erlang terms of the recorded traces.
import { ChildError, NotReadyError, RestartIntensityError, SpecError, StartError } from '../../src/base/errors.js'
import type { Exit } from '../../src/protocol/exit.js'

/** An Erlang term as the cause of a crash or of a failed start. OTP tells a start function that raised from an init that did. */
export class Term extends Error {
  /** As the start function's caller sees it. */
  readonly started: string
  /** As the supervisor reports it. */
  readonly reported: string

  constructor(reported: string, started = reported) {
    super(reported)
    this.reported = reported
    this.started = started
  }
}

/** The last part of an address. */
export function idOf(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1)
}

/** Why a start failed, as the supervisor reports it: each level of supervisors wraps once more. */
export function failureTerm(error: unknown): string {
  if (error instanceof Term) return error.reported
  if (error instanceof RestartIntensityError) return 'reached_max_restart_intensity'
  if (!(error instanceof StartError)) return String(error)
  const { cause } = error
  if (!(cause instanceof StartError)) return failureTerm(cause)
  if (cause.address === error.address) return failureTerm(cause)
  return `{shutdown,{failed_to_start_child,${idOf(cause.address)},${failureTerm(cause)}}}`
}

/** Why a start failed, as its caller sees it. */
export function startTerm(error: unknown): string {
  return error instanceof Term ? error.started : failureTerm(error)
}

/** How somebody ended; `own` is what a script said it ends with. */
export function exitTerm(exit: Exit, own: string | undefined): string {
  if (exit.reason === 'crash') return failureTerm(exit.cause)
  return own ?? exit.reason
}

/** The refusal of a call as OTP's reply; `pid` names who is in the way. */
export function refusalTerm(error: unknown, id: string, isDynamic: boolean, pid: string): string {
  if (error instanceof SpecError) return `{error,${specTerm(error).term}}`
  if (error instanceof NotReadyError) return '{call_exit,noproc}'
  if (!(error instanceof ChildError)) return `{unexpected,${String(error)}}`
  if (error.reason === 'noproc') return '{call_exit,noproc}'
  if (error.reason === 'already_started') return `{error,{already_started,${pid}}}`
  if (error.reason !== 'start_failed') return `{error,${error.reason}}`
  const term = failureTerm(error.cause)
  return isDynamic || id === '' ? `{error,${term}}` : `{error,{${term},{childspec,${id}}}}`
}

interface SpecRule {
  readonly pattern: RegExp
  readonly term: (value: string) => string
  readonly about: 'flags' | 'spec' | 'template'
}

const SPEC_RULES: readonly SpecRule[] = [
  { pattern: /`strategy` is '?([^';]+)/, term: (value) => `{invalid_strategy,${value}}`, about: 'flags' },
  { pattern: /`intensity\.max` is ([^,;]+)/, term: (value) => `{invalid_intensity,${erlang(value)}}`, about: 'flags' },
  { pattern: /`intensity\.within` must/, term: () => '{invalid_period,0}', about: 'flags' },
  { pattern: /`autoShutdown` is '?([^';]+)/, term: (value) => `{invalid_auto_shutdown,${value}}`, about: 'flags' },
  { pattern: /`child` is/, term: () => '{bad_start_spec,[]}', about: 'template' },
  { pattern: /`restart` is '?([^';]+)/, term: (value) => `{invalid_restart_type,${value}}`, about: 'spec' },
  { pattern: /`significant` is '?([^',;]+)/, term: (value) => `{invalid_significant,${value}}`, about: 'spec' },
  { pattern: /`shutdown` is ([^,;]+)/, term: (value) => `{invalid_shutdown,${value}}`, about: 'spec' },
  { pattern: /`significant` needs/, term: () => '{bad_combination,[{restart,permanent},{significant,true}]}', about: 'spec' },
  { pattern: /`significant` has no/, term: () => '{bad_combination,[{auto_shutdown,never},{significant,true}]}', about: 'spec' },
  { pattern: /two children have the id "([^"]+)"/, term: (value) => `{duplicate_child_name,${value}}`, about: 'spec' },
]

/** The first problem of a tree that cannot be built: OTP stops at the first one. */
export function specTerm(error: SpecError): { readonly term: string; readonly about: SpecRule['about'] } {
  const [problem = ''] = error.problems
  for (const { pattern, term, about } of SPEC_RULES) {
    const match = pattern.exec(problem)
    if (match !== null) return { term: term(match[1] ?? ''), about }
  }
  throw new Error(`no term for the problem: ${problem}`)
}

function erlang(value: string): string {
  return value === 'Infinity' ? 'infinity' : value
}
