// The clock that XState is given: the environment's, so that virtual time drives users' machines.
import type { ActorOptions, AnyActorLogic } from 'xstate'
import type { Clock, Timer } from '../base/clock.js'

/** XState's view of a clock. A machine's delays keep the process alive, as Node's timers do. */
export function userClock(clock: Clock): NonNullable<ActorOptions<AnyActorLogic>['clock']> {
  return {
    setTimeout: (fn, ms) => clock.after(ms, fn, true),
    clearTimeout: (timer: Timer) => timer.cancel(),
  }
}
