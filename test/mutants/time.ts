// Mutants of how the time of a stop is shared out, and of how long a restart waits.
import { decides } from './deciding.js'
import type { Mutant } from './mutant.js'
import { switches } from './seams.js'

export const time: readonly Mutant[] = [
  {
    name: 'each child is given its own time, whatever is left',
    breaks: () =>
      decides((decide, event, now) =>
        decide(event, now).map((command) =>
          command.type === 'stop' && typeof command.slot.spec.shutdownMs === 'number'
            ? { ...command, deadlineAt: now + command.slot.spec.shutdownMs }
            : command,
        ),
      ),
    laws: /^L5$/,
  },
  {
    name: 'nothing is kept for those who close last',
    breaks: () => {
      switches.keepsNoReserve = true
    },
    laws: /^L5$/,
  },
  {
    name: 'a back-off waits one step too long',
    breaks: () => {
      switches.waitsTooLong = true
    },
    laws: /^L10$/,
  },
]
