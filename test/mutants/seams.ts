// What mutants change beyond methods: functions of modules, and the guard in a supervisor's loop. A test file mocks the modules with
// these; as long as no switch is on they do what the real ones do.
import type * as Backoff from '../../src/policy/backoff.js'
import type * as Budget from '../../src/policy/budget.js'
import type { Command } from '../../src/policy/commands.js'
import type * as Order from '../../src/policy/order.js'
import type { Supervision } from '../../src/policy/supervision.js'
import type * as Verdict from '../../src/policy/verdict.js'
import type * as Pump from '../../src/tree/pump.js'

/** Which of the functions are broken. */
export const switches = {
  stopsInStartOrder: false,
  stopsOneByOne: false,
  startsInAnyOrder: false,
  restartsTemporary: false,
  keepsNoReserve: false,
  waitsTooLong: false,
}

/** All of them as they should be. */
export function switchOff(): void {
  for (const name of Object.keys(switches) as (keyof typeof switches)[]) switches[name] = false
}

export function order(original: typeof Order): typeof Order {
  return {
    ...original,
    stopFrontier: (slots, sequence) => {
      if (switches.stopsInStartOrder) return original.startFrontier(slots, sequence === 'none' ? 'declared' : sequence)
      return original.stopFrontier(slots, switches.stopsOneByOne && sequence === 'graph' ? 'declared' : sequence)
    },
    startFrontier: (slots, sequence) =>
      switches.startsInAnyOrder && sequence === 'graph' ? original.allAtOnce(slots) : original.startFrontier(slots, sequence),
  }
}

export function verdict(original: typeof Verdict): typeof Verdict {
  return {
    ...original,
    fateOf: (restart, exit) => (switches.restartsTemporary && restart === 'temporary' ? 'restart' : original.fateOf(restart, exit)),
  }
}

export function budget(original: typeof Budget): typeof Budget {
  return { ...original, reserveScale: (leftMs, totalMs) => (switches.keepsNoReserve ? 0 : original.reserveScale(leftMs, totalMs)) }
}

export function backoff(original: typeof Backoff): typeof Backoff {
  return {
    ...original,
    backoffDelay: (plan, attempt, chance) => original.backoffDelay(plan, attempt + (switches.waitsTooLong ? 1 : 0), chance),
  }
}

/** What performs the commands of a policy, past the loop that would hold some of them back. */
export const performers = new WeakMap<Supervision, (command: Command) => void>()

export function pump(original: typeof Pump): typeof Pump {
  return {
    ...original,
    Pump: class extends original.Pump {
      constructor(...[env, policy, perform]: ConstructorParameters<typeof Pump.Pump>) {
        super(env, policy, perform)
        performers.set(policy, perform)
      }
    },
  }
}
