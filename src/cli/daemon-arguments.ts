// The words of those commands that ask a running daemon.
import type { Verb } from '../observe/controls.js'
import { UsageError } from './usage-error.js'
import { numberOf, textOf, timeOf, type Words } from './words.js'

/** What all of them are told. */
export interface OfDaemon {
  /** A daemon, or an address in one; undefined where nothing was said. */
  readonly target: string | undefined
  readonly socket: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
}

/** What somebody asks a running daemon for. */
export type DaemonRequest =
  | ({ readonly command: 'tree'; readonly depth: number; readonly all: boolean } & OfDaemon)
  | ({ readonly command: 'top' } & OfDaemon)
  | ({ readonly command: Verb; readonly yes: boolean } & OfDaemon)

const TIMEOUT_MS = 5_000
const NEEDS_ADDRESS: readonly string[] = ['restart', 'kill']
const COMMANDS: readonly string[] = ['tree', 'top', 'restart', 'drain', 'kill', 'step-down'] satisfies DaemonRequest['command'][]

/** Whether a command asks a running daemon. */
export function isAboutDaemon(command: string): command is DaemonRequest['command'] {
  return COMMANDS.includes(command)
}

/** Reads them. @throws UsageError */
export function readDaemonRequest(words: Words, command: DaemonRequest['command'], env: NodeJS.ProcessEnv): DaemonRequest {
  const of = readOf(words, env)
  if (command === 'tree') {
    const depth = numberOf(words, 'depth', 0, 'levels') ?? Number.POSITIVE_INFINITY
    return { command, depth, all: words.values['all'] === true, ...of }
  }
  if (command === 'top') return { command, ...of }
  if (NEEDS_ADDRESS.includes(command) && of.target === undefined)
    throw new UsageError(`which service? quiesce ${command} ADDRESS, as \`quiesce tree\` shows it`, command)
  return { command, yes: words.values['yes'] === true, ...of }
}

function readOf(words: Words, env: NodeJS.ProcessEnv): OfDaemon {
  const { command, positionals, rest, values } = words
  const [target, more] = [...positionals, ...rest]
  if (more !== undefined) throw new UsageError(`one address, please: there are "${target}" and "${more}"`, command)
  if (target !== undefined && /\s|^$|^\/|\/$|\/\//.test(target))
    throw new UsageError(`"${target}" is no address; it reads like shop/api`, command)
  return {
    // A trailing incarnation, as logs have it, is not needed: there is one at a time.
    target: target?.replace(/#\d+$/, ''),
    socket: textOf(words, 'socket') ?? (env['QUIESCE_SOCKET'] || undefined),
    timeoutMs: timeOf(words, 'timeout') ?? TIMEOUT_MS,
    json: values['json'] === true,
  }
}
