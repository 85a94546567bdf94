// For planted bugs: changes what every supervisor decides, at the one place through which all decisions go.
import { vi } from 'vitest'
import type { Command, SupervisionEvent } from '../../src/policy/commands.js'
import { Supervision } from '../../src/policy/supervision.js'

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

/** The planted bug: a crash while everything stops is answered with a start. */
export function restartWhileStopping(): void {
  decides((decide, event, now) => {
    const wasRunning = event.type === 'ended' && event.slot.phase === 'running'
    const commands = decide(event, now)
    const isKept = wasRunning && event.slot.phase === 'dead' && !commands.some(({ type }) => type === 'restarting')
    return isKept ? [...commands, { type: 'start', slot: event.slot }] : commands
  })
}
