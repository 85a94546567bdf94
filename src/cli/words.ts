// What stands behind a command, taken apart by the table of commands: options with their values, operands, and what comes after `--`.
import { parseArgs } from 'node:util'
import { parseDuration } from '../base/duration.js'
import { COMMANDS, type OptionSpec } from './commands.js'
import { nearest } from './nearest.js'
import { UsageError } from './usage-error.js'

/** The values of a command's options, and what is none. */
export interface Words {
  readonly command: string
  readonly values: Readonly<Record<string, string | true>>
  readonly positionals: readonly string[]
  /** What stands behind `--`. */
  readonly rest: readonly string[]
}

/** Takes the words of a command apart. @throws UsageError */
export function readWords(command: string, args: readonly string[]): Words {
  const options = COMMANDS[command]?.options ?? {}
  const types = Object.entries(options).map(
    ([name, { type, short }]) => [name, { type, ...(short === undefined ? {} : { short }) }] as const,
  )
  const { tokens } = parseArgs({ args: [...args], options: Object.fromEntries(types), strict: false, allowPositionals: true, tokens: true })
  const terminator = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? Number.POSITIVE_INFINITY
  const values: Record<string, string | true> = {}
  const positionals: string[] = []
  const rest: string[] = []
  for (const token of tokens) {
    if (token.kind === 'option') values[token.name] = readValue(command, options[token.name], token)
    else if (token.kind === 'positional') (token.index > terminator ? rest : positionals).push(token.value)
  }
  return { command, values, positionals, rest }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function readValue(command: string, spec: OptionSpec | undefined, { name, rawName, value, inlineValue }: OptionToken): string | true {
  if (spec === undefined) {
    const near = nearest(name, Object.keys(COMMANDS[command]?.options ?? {}))
    throw new UsageError(`${command} has no option ${rawName}${near === undefined ? '' : `; did you mean --${near}?`}`, command)
  }
  if (spec.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`, command)
    return true
  }
  // `-` is standard input; anything longer that begins so is the next option.
  if (value === undefined || value === '' || (inlineValue !== true && /^-./.test(value)))
    throw new UsageError(`${rawName} needs a value: ${rawName} ${spec.value}`, command)
  return value
}

/** The value of an option; undefined when it is not there. */
export function textOf({ values }: Words, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** The time that an option says, in milliseconds. @throws UsageError when it is none. */
export function timeOf(words: Words, name: string): number | undefined {
  const written = textOf(words, name)
  if (written === undefined) return undefined
  const ms = parseDuration(/^\d+$/.test(written) ? Number(written) : written)
  if (ms === undefined) throw new UsageError(`--${name} ${written} is not a time; write 250ms, 5s, 2m, 1h, or milliseconds`, words.command)
  return ms
}

/** The number that an option says. @throws UsageError when it is none, or too small. */
export function numberOf(words: Words, name: string, least: number, what: string): number | undefined {
  const written = textOf(words, name)
  if (written === undefined) return undefined
  const short = COMMANDS[words.command]?.options[name]?.short
  const flag = short === undefined ? `--${name}` : `-${short}`
  if (!/^\d+$/.test(written) || Number(written) < least)
    throw new UsageError(`${flag} ${written} is not a number of ${what} (${least} or more)`, words.command)
  return Number(written)
}

/** The port that an option says. @throws UsageError when it is none. */
export function portOf(words: Words, name: string): number | undefined {
  const written = textOf(words, name)
  if (written === undefined) return undefined
  if (!/^\d+$/.test(written) || Number(written) > 65_535)
    throw new UsageError(`--${name} ${written} is not a port (0 to 65535)`, words.command)
  return Number(written)
}
