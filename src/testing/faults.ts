// What can go wrong with a hook, as data: where, when and how. A fault strikes the hook of a user's real service from outside.
import { type Duration, parseDuration } from '../base/duration.js'
import type { HookName } from './trace.js'

/**
 * How a fault strikes. `hang`: the hook never settles. `throw`: it throws instead of running. `throw-after`: it runs, then throws.
 * `slow`: it runs, and settles so much later whatever its signal says, so its ack may come late.
 * `crash`: the service fails by itself so long after it has started. `keep-permit`: it takes a permit at its start that it never
 * gives back. `double-ack`: it says that it is ready, or settles, twice.
 */
export type FaultKind = 'hang' | 'throw' | 'throw-after' | 'slow' | 'crash' | 'keep-permit' | 'double-ack'

/** One fault. */
export interface Fault {
  /** Where: the address of a service. */
  readonly at: string
  readonly kind: FaultKind
  /** Which hook; for `crash`, `keep-permit` and `double-ack` it is the start. Default `stop`. */
  readonly hook?: HookName
  /** Which incarnation; default: each. */
  readonly incarnation?: number
  /** For `slow` and `crash`: how long, in virtual time. Default 1 s. */
  readonly after?: Duration
}

/** One fault in words. */
export function drawFault({ at, kind, hook, incarnation, after }: Fault): string {
  const where = `${at}${incarnation === undefined ? '' : `#${incarnation}`}`
  const which = kind === 'crash' || kind === 'keep-permit' || kind === 'double-ack' ? '' : ` ${hook ?? 'stop'}`
  return `${where}${which}: ${kind}${after === undefined ? '' : ` ${after}`}`
}

/** The faults of one run, by where they strike. */
export class Faults {
  readonly #byAddress = new Map<string, Fault[]>()

  /** @throws TypeError when one of them lasts for what is no duration. */
  constructor(faults: readonly Fault[] = []) {
    const endless = faults.find(({ after }) => after !== undefined && parseDuration(after) === undefined)
    if (endless !== undefined) throw new TypeError(`a fault at ${endless.at}: \`after\` is ${String(endless.after)}: not a duration`)
    for (const fault of faults) this.#byAddress.set(fault.at, [...(this.#byAddress.get(fault.at) ?? []), fault])
  }

  /** Those that strike this hook of this incarnation. */
  on(address: string, incarnation: number, hook: HookName): readonly Fault[] {
    const known = this.#byAddress.get(address)
    if (known === undefined) return []
    return known.filter((fault) => (fault.incarnation ?? incarnation) === incarnation && hookOf(fault, hook) === hook)
  }

  /** Whether one of them strikes such a hook of a service of that id, wherever it stands. */
  strikes(hook: HookName, id: string): boolean {
    return [...this.#byAddress].some(([at, faults]) => at.endsWith(`/${id}`) && faults.some((fault) => hookOf(fault, hook) === hook))
  }
}

// What strikes at the start strikes a `run` too: a service has one of them.
function hookOf({ kind, hook }: Fault, asked: HookName): HookName {
  const own = kind === 'crash' || kind === 'keep-permit' || kind === 'double-ack' ? 'start' : (hook ?? 'stop')
  return own === 'start' && asked === 'run' ? 'run' : own
}
