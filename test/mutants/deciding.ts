// For planted bugs: changes what every supervisor decides, at the one place through which all decisions go.
import { vi } from 'vitest'
import type { Command, SupervisionEvent } from '../../src/policy/commands.js'
import { Supervision } from '../../src/policy/supervision.js'
import { performers } from './seams.js'

/** What a supervisor would decide by itself. */
export type Decide = (event: SupervisionEvent, now: number) => Command[]

/** Until mocks are restored, `change` says what is decided instead. */
export function decides(change: (this: Supervision, decide: Decide, event: SupervisionEvent, now: number) => readonly Command[]): void {
  const { decideInto } = Supervision.prototype
  vi.spyOn(Supervision.prototype, 'decideInto').mockImplementation(function (this: Supervision, event, now, out) {
    const decide: Decide = (taken, at) => {
      const commands: Command[] = []
      decideInto.call(this, taken, at, commands)
      return commands
    }
    for (const command of change.call(this, decide, event, now)) out.push(command)
  })
}

/**
 * The planted bug: a supervisor that is ending answers a crash with a restart, and the loop that performs what it decides lets the
 * start through. Each of the two alone does no harm. The file that uses it must mock `src/tree/pump.js` with the seam.
 */
export function restartWhileStopping(): void {
  decides(function (decide, event, now) {
    const isCrash = event.type === 'ended' && event.slot.phase === 'running' && event.exit.reason === 'crash'
    const wasEnding = this.ending !== undefined
    const commands = decide(event, now)
    if (isCrash && wasEnding) performers.get(this)?.({ type: 'start', slot: event.slot })
    return commands
  })
}
