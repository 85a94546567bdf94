// What a completion script is made of, whatever the shell. Addresses it asks of the program itself, by a command that no help mentions.
import type { Completes } from '../commands.js'

/** One command as a completion script has it. */
export interface CompletedCommand {
  readonly name: string
  readonly title: string
  readonly operands: readonly Completes[]
  readonly options: readonly CompletedOption[]
}

/** One option. */
export interface CompletedOption {
  /** With its dashes, the short one first where there is one. */
  readonly flags: readonly string[]
  readonly about: string
  /** What its value may be; undefined where it takes none. */
  readonly value: Completes | undefined
}

/** The command that the scripts call. */
export const ASK = '__complete'
