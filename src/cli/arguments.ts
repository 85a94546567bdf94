// The words after `quiesce`, read and checked: everything wrong with them is found before any file is touched.
import { parseArgs } from 'node:util'
import { parseDuration } from '../base/duration.js'
import type { RunOptions } from '../daemon/options.js'
import { COMMANDS, type OptionSpec } from './commands.js'
import { nearest } from './nearest.js'
import { UsageError } from './usage-error.js'

/** What somebody asked for. */
export type Request =
  | { readonly command: 'help'; readonly topic: string | undefined }
  | { readonly command: 'version' }
  | ({ readonly command: 'run' } & OfFile)
  | ({
      readonly command: 'check'
      readonly json: boolean
      readonly manifest: string | undefined
      readonly container: string | undefined
    } & OfFile)
  | { readonly command: 'report'; readonly json: boolean; readonly file: string; readonly number: number }

interface OfFile {
  readonly file: string
  /** What stands behind `--`. */
  readonly fileArguments: readonly string[]
  /** To be laid over the options in the file. */
  readonly flags: RunOptions
}

/** The values of a command's options, and what is none. */
interface Words {
  readonly command: string
  readonly values: Readonly<Record<string, string | true>>
  readonly positionals: readonly string[]
  readonly rest: readonly string[]
}

/** Reads the arguments. @throws UsageError */
export function readArguments(args: readonly string[], env: NodeJS.ProcessEnv): Request {
  const [first, ...others] = args
  if (first === undefined) throw new UsageError('what to do? Give a command: run, check or report')
  if (first === '--help' || first === '-h') return { command: 'help', topic: undefined }
  if (first === '--version' || first === '-v') return { command: 'version' }
  if (first === 'help') return { command: 'help', topic: others[0] === undefined ? undefined : known(others[0]) }
  if (first.startsWith('-')) throw new UsageError(`a command comes before options such as ${first}: run, check or report`)
  const words = readWords(known(first), others)
  if (words.values['help'] === true) return { command: 'help', topic: words.command }
  if (words.command === 'report') return readReportRequest(words, env)
  if (words.command === 'check') return { command: 'check', ...readCheck(words), ...readFile(words) }
  const report = words.values['report'] ?? env['QUIESCE_REPORT']
  const { flags, ...file } = readFile(words)
  return { command: 'run', ...file, flags: typeof report === 'string' && report !== '' ? { ...flags, report } : flags }
}

function known(name: string): string {
  if (Object.hasOwn(COMMANDS, name)) return name
  const near = nearest(name, Object.keys(COMMANDS))
  throw new UsageError(`there is no command "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`, near)
}

function readWords(command: string, args: readonly string[]): Words {
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

function readFile({ command, values, positionals, rest }: Words): OfFile {
  const [file, more] = positionals
  if (file === undefined) throw new UsageError(`which file? quiesce ${command} FILE`, command)
  if (more !== undefined)
    throw new UsageError(`one file, please: there are "${file}" and "${more}". Arguments of the file itself go behind --`, command)
  return { file, fileArguments: rest, flags: readFlags(command, values) }
}

function readFlags(command: string, values: Words['values']): RunOptions {
  const port = values['probes-port']
  if (port !== undefined && !(/^\d+$/.test(String(port)) && Number(port) <= 65_535))
    throw new UsageError(`--probes-port ${port} is not a port (0 to 65535)`, command)
  return {
    ...readTime(command, 'grace', 'grace', values),
    ...readTime(command, 'lame-duck', 'lameDuck', values),
    ...(port === undefined ? {} : { probes: { port: Number(port) } }),
  }
}

function readTime(command: string, flag: string, option: 'grace' | 'lameDuck', values: Words['values']): RunOptions {
  const written = values[flag]
  if (written === undefined) return {}
  const ms = parseDuration(/^\d+$/.test(String(written)) ? Number(written) : written)
  if (ms === undefined) throw new UsageError(`--${flag} ${written} is not a time; write 250ms, 5s, 2m, 1h, or milliseconds`, command)
  return { [option]: ms }
}

function readCheck({ values }: Words): { json: boolean; manifest: string | undefined; container: string | undefined } {
  const { manifest, container } = values
  if (container !== undefined && manifest === undefined)
    throw new UsageError('--container says which one of a manifest: give --manifest too', 'check')
  return { json: values['json'] === true, manifest: text(manifest), container: text(container) }
}

function readReportRequest({ values, positionals, rest }: Words, env: NodeJS.ProcessEnv): Request {
  const [named, more] = [...positionals, ...rest]
  if (more !== undefined) throw new UsageError(`one file, please: there are "${named}" and "${more}"`, 'report')
  const file = named ?? env['QUIESCE_REPORT']
  if (file === undefined || file === '') throw new UsageError('which file? Name it, or set QUIESCE_REPORT', 'report')
  const written = values['number']
  if (written !== undefined && !/^[1-9]\d*$/.test(String(written)))
    throw new UsageError(`-n ${written} is not a number of reports (1 or more)`, 'report')
  const number = values['all'] === true ? Number.POSITIVE_INFINITY : Number(written ?? 1)
  return { command: 'report', json: values['json'] === true, file, number }
}

function text(value: string | true | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
