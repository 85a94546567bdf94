// The words after `quiesce`, read and checked: everything wrong with them is found before any file is touched.
import type { RunOptions } from '../daemon/options.js'
import { COMMANDS } from './commands.js'
import { ASK } from './completion/completed.js'
import { isShell, type Shell } from './completion/script.js'
import { type DaemonRequest, isAboutDaemon, readDaemonRequest } from './daemon-arguments.js'
import { nearest } from './nearest.js'
import { UsageError } from './usage-error.js'
import { portOf, readWords, textOf, timeOf, type Words } from './words.js'

/** What somebody asked for. */
export type Request =
  | { readonly command: 'help'; readonly topic: string | undefined }
  | { readonly command: 'version' }
  | ({ readonly command: 'run'; readonly record: string | undefined } & OfFile)
  | ({
      readonly command: 'check'
      readonly json: boolean
      readonly manifest: string | undefined
      readonly container: string | undefined
    } & OfFile)
  | { readonly command: 'completion'; readonly shell: Shell }
  /** A shell asks what a word may become. */
  | { readonly command: 'complete'; readonly kind: string; readonly word: string }
  | DaemonRequest

interface OfFile {
  readonly file: string
  /** What stands behind `--`. */
  readonly fileArguments: readonly string[]
  /** To be laid over the options in the file. */
  readonly flags: RunOptions
}

/** Reads the arguments. @throws UsageError */
export function readArguments(args: readonly string[], env: NodeJS.ProcessEnv): Request {
  const [first, ...others] = args
  const names = 'check, run, tree, … (`quiesce --help` names them all)'
  if (first === undefined) throw new UsageError(`what to do? Give a command: ${names}`)
  if (first === '--help' || first === '-h') return { command: 'help', topic: undefined }
  if (first === '--version' || first === '-v') return { command: 'version' }
  if (first === 'help') return { command: 'help', topic: others[0] === undefined ? undefined : known(others[0]) }
  if (first === ASK) return { command: 'complete', kind: others[0] ?? '', word: others[1] ?? '' }
  if (first.startsWith('-')) throw new UsageError(`a command comes before options such as ${first}: ${names}`)
  const words = readWords(known(first), others)
  if (words.values['help'] === true) return { command: 'help', topic: words.command }
  if (isAboutDaemon(words.command)) return readDaemonRequest(words, words.command, env)
  if (words.command === 'completion') return { command: 'completion', shell: readShell(words) }
  if (words.command === 'check') return { command: 'check', ...readCheck(words), ...readFile(words) }
  const report = words.values['report'] ?? env['QUIESCE_REPORT']
  const { flags, ...file } = readFile(words)
  return {
    command: 'run',
    record: textOf(words, 'record'),
    ...file,
    flags: typeof report === 'string' && report !== '' ? { ...flags, report } : flags,
  }
}

function known(name: string): string {
  if (Object.hasOwn(COMMANDS, name)) return name
  const near = nearest(name, Object.keys(COMMANDS))
  throw new UsageError(`there is no command "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`, near)
}

function readShell({ positionals }: Words): Shell {
  const [shell] = positionals
  if (shell !== undefined && isShell(shell)) return shell
  throw new UsageError(`${shell === undefined ? 'which shell?' : `${shell} is not known;`} bash, zsh or fish`, 'completion')
}

function readFile(words: Words): OfFile {
  const { command, positionals, rest } = words
  const [file, more] = positionals
  if (file === undefined) throw new UsageError(`which file? quiesce ${command} FILE`, command)
  if (more !== undefined)
    throw new UsageError(`one file, please: there are "${file}" and "${more}". Arguments of the file itself go behind --`, command)
  return { file, fileArguments: rest, flags: readFlags(words) }
}

function readFlags(words: Words): RunOptions {
  const port = portOf(words, 'probes-port')
  const grace = timeOf(words, 'grace')
  const lameDuck = timeOf(words, 'lame-duck')
  return {
    ...(grace === undefined ? {} : { grace }),
    ...(lameDuck === undefined ? {} : { lameDuck }),
    ...(port === undefined ? {} : { probes: { port } }),
  }
}

function readCheck(words: Words): { json: boolean; manifest: string | undefined; container: string | undefined } {
  const manifest = textOf(words, 'manifest')
  const container = textOf(words, 'container')
  if (container !== undefined && manifest === undefined)
    throw new UsageError('--container says which one of a manifest: give --manifest too', 'check')
  return { json: words.values['json'] === true, manifest, container }
}
