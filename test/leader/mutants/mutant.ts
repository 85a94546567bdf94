// What a mutant of leading is: a rule of the protocol that is broken on purpose, until mocks are restored and switches are off.
import type { Plan } from '../simulation/world.js'

/** One broken rule. */
export interface Mutant {
  /** What is wrong, as a sentence. */
  readonly name: string
  /** Breaks it. */
  readonly breaks?: () => void
  /** In what worlds; what breaks the world instead of the rule. */
  readonly plan?: Plan
  /** The invariants of which one is to catch it. */
  readonly invariants: RegExp
}
