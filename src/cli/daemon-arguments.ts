// The words of those commands that ask a running daemon.
import type { Verb } from '../observe/controls.js'
import { UsageError } from './usage-error.js'
import { numberOf, portOf, textOf, timeOf, type Words } from './words.js'

/** What all of them are told. */
export interface OfDaemon {
  /** A daemon, or an address in one; for some commands it may be a file. Undefined where nothing was said. */
  readonly target: string | undefined
  readonly socket: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
}

/** What somebody asks a running daemon for. */
export type DaemonRequest =
  | ({ readonly command: 'tree'; readonly depth: number; readonly all: boolean } & OfDaemon)
  | ({ readonly command: 'top' } & OfDaemon)
  | ({ readonly command: 'inspect'; readonly port: number; readonly controls: boolean; readonly open: boolean } & OfDaemon)
  | ({ readonly command: 'graph'; readonly format: Format; readonly fileArguments: readonly string[] } & OfDaemon)
  | ({ readonly command: 'report'; readonly number: number } & OfDaemon)
  | ({ readonly command: Verb; readonly yes: boolean } & OfDaemon)

type Format = (typeof FORMATS)[number]
type Reader = (words: Words, of: OfDaemon, env: NodeJS.ProcessEnv) => DaemonRequest

const FORMATS = ['mermaid', 'dot'] as const
const TIMEOUT_MS = 5_000
/** Those whose target may be a file. */
const MIXED: ReadonlySet<string> = new Set(['inspect', 'graph', 'report'])

const READERS: Readonly<Record<DaemonRequest['command'], Reader>> = {
  tree: (words, of) => {
    const depth = numberOf(words, 'depth', 0, 'levels') ?? Number.POSITIVE_INFINITY
    return { command: 'tree', depth, all: isSet(words, 'all'), ...of }
  },
  top: (_words, of) => ({ command: 'top', ...of }),
  inspect: (words, of) => {
    const port = portOf(words, 'port') ?? 0
    return { command: 'inspect', port, controls: isSet(words, 'controls'), open: isSet(words, 'open'), ...of }
  },
  graph: (words, of) => {
    const written = textOf(words, 'format') ?? 'mermaid'
    const format = FORMATS.find((each) => each === written)
    if (format === undefined) throw new UsageError(`--format ${written} is not known; there are ${FORMATS.join(' and ')}`, 'graph')
    return { command: 'graph', format, fileArguments: words.rest, ...of }
  },
  report: (words, of, env) => {
    const written = numberOf(words, 'number', 1, 'reports')
    // A daemon that is named by its socket has its own.
    const file = of.socket === undefined ? env['QUIESCE_REPORT'] || undefined : undefined
    return { command: 'report', number: isSet(words, 'all') ? Number.POSITIVE_INFINITY : (written ?? 1), ...of, target: of.target ?? file }
  },
  restart: (words, of) => ({ command: 'restart', yes: true, ...addressed(words, of) }),
  drain: (words, of) => ({ command: 'drain', yes: isSet(words, 'yes'), ...of }),
  kill: (words, of) => ({ command: 'kill', yes: isSet(words, 'yes'), ...addressed(words, of) }),
  'step-down': (_words, of) => ({ command: 'step-down', yes: true, ...of }),
}

/** Whether a command asks a running daemon. */
export function isAboutDaemon(command: string): command is DaemonRequest['command'] {
  return Object.hasOwn(READERS, command)
}

/** Reads them. @throws UsageError */
export function readDaemonRequest(words: Words, command: DaemonRequest['command'], env: NodeJS.ProcessEnv): DaemonRequest {
  return READERS[command](words, readOf(words, env), env)
}

function readOf(words: Words, env: NodeJS.ProcessEnv): OfDaemon {
  const { command, positionals, rest } = words
  const isMixed = MIXED.has(command)
  // Behind `--` stand the arguments of a file that is loaded.
  const [target, more] = command === 'graph' ? positionals : [...positionals, ...rest]
  if (more !== undefined) throw new UsageError(`one ${isMixed ? 'file' : 'address'}, please: there are "${target}" and "${more}"`, command)
  if (!isMixed && target !== undefined && /\s|^$|^\/|\/\//.test(target))
    throw new UsageError(`"${target}" is no address; it reads like shop/api`, command)
  return {
    // An incarnation, as logs have it, is not needed: there is one at a time. Nor the slash that a shell may have left.
    target: isMixed ? target : target?.replace(/#\d+$|\/$/, ''),
    socket: textOf(words, 'socket') ?? (env['QUIESCE_SOCKET'] || undefined),
    timeoutMs: timeOf(words, 'timeout') ?? TIMEOUT_MS,
    json: isSet(words, 'json'),
  }
}

function addressed({ command }: Words, of: OfDaemon): OfDaemon {
  if (of.target !== undefined) return of
  throw new UsageError(`which service? quiesce ${command} ADDRESS, as \`quiesce tree\` shows it`, command)
}

function isSet({ values }: Words, name: string): boolean {
  return values[name] === true
}
