// The shells that can complete what is typed, and what their scripts are made of: the table of commands.
import { COMMANDS, type OptionSpec } from '../commands.js'
import { bashScript } from './bash.js'
import type { CompletedOption } from './completed.js'
import { fishScript } from './fish.js'
import { zshScript } from './zsh.js'

const WRITERS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** A shell that there is a script for. */
export type Shell = keyof typeof WRITERS

/** Whether there is a script for it. */
export function isShell(name: string): name is Shell {
  return Object.hasOwn(WRITERS, name)
}

/** The script for a shell. */
export function completionScript(shell: Shell): string {
  const commands = Object.entries(COMMANDS).map(([name, { title, operands, options }]) => ({
    name,
    title,
    operands,
    options: Object.entries(options).map(([long, option]) => completed(long, option)),
  }))
  const help = { name: 'help', title: 'more about one command', operands: [Object.keys(COMMANDS)], options: [] }
  return WRITERS[shell]([...commands, help])
}

function completed(long: string, { short, about, type, completes = 'nothing' }: OptionSpec): CompletedOption {
  const flags = short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`]
  return { flags, about, value: type === 'string' ? completes : undefined }
}
