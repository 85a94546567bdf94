// The commands, their options and what they say about themselves: parsing and help read the same table.
import { wrap } from './text.js'

/** One option of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** What its value is called in the help. */
  readonly value?: string
  readonly about: string
}

/** One command. */
export interface CommandSpec {
  readonly synopsis: string
  /** One line, for the list. */
  readonly title: string
  readonly about: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly exit: string
}

const HELP: OptionSpec = { type: 'boolean', short: 'h', about: 'This text.' }
const JSON_OPTION: OptionSpec = { type: 'boolean', about: 'JSON instead of text. A time without a limit is null.' }
const FLAGS = {
  grace: { type: 'string', value: 'TIME', about: 'How long a stop may take in all: `30s`, `2m`, or milliseconds.' },
  'lame-duck': { type: 'string', value: 'TIME', about: 'How long to go on serving before a drain, while balancers notice.' },
  'probes-port': { type: 'string', value: 'PORT', about: 'Where probes are answered.' },
} as const satisfies Record<string, OptionSpec>
const LOADING =
  'FILE is imported, with what stands behind `--` as its arguments. It calls `run(tree, options)`, or it exports a tree as `tree` or as its default.'
const TYPESCRIPT =
  'TypeScript: Node 22.18 and later read it by themselves. On an older one, with a loader: node --import tsx node_modules/.bin/quiesce …'

/** All commands by name. */
export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  run: {
    synopsis: 'run FILE [options] [-- arguments of FILE]',
    title: 'run the daemon in FILE',
    about: [LOADING, 'The options below are laid over those in the file.', TYPESCRIPT],
    options: {
      report: {
        type: 'string',
        value: 'FILE',
        about: 'Append the shutdown report to FILE. Default: the variable QUIESCE_REPORT, or nowhere.',
      },
      ...FLAGS,
      help: HELP,
    },
    exit: "The daemon's own: 0 clean, 1 gave up, 2 not well formed, 3 forced, 4 the start failed.",
  },
  check: {
    synopsis: 'check FILE [options] [-- arguments of FILE]',
    title: 'will it stop in time? nothing is started',
    about: [
      LOADING,
      'Prints the tree and the longest way that its stop can take by the limits that are written, against `grace`. With a manifest also whether Kubernetes leaves it that time, and whether its probes, `preStop` and signals reach the daemon.',
      'What FILE prints while it is imported goes to standard error.',
      TYPESCRIPT,
    ],
    options: {
      manifest: {
        type: 'string',
        value: 'YAML',
        about: 'A Deployment, StatefulSet, DaemonSet or Pod; several documents are fine; `-` for standard input.',
      },
      container: {
        type: 'string',
        value: 'NAME',
        about: 'Which container it is, where the probes do not tell: `shop`, or `Deployment/shop/api`.',
      },
      ...FLAGS,
      json: JSON_OPTION,
      help: HELP,
    },
    exit: '0 nothing wrong, 1 errors or warnings, 2 called wrongly.',
  },
  report: {
    synopsis: 'report [FILE] [options]',
    title: 'how the last stop went',
    about: [
      'Reads shutdown reports from FILE: one that `--report` or the option `report` has written, or the log of a daemon. `-` is standard input. Default: the file named by the variable QUIESCE_REPORT.',
    ],
    options: {
      number: { type: 'string', short: 'n', value: 'N', about: 'The last N reports. Default 1.' },
      all: { type: 'boolean', about: 'All of them.' },
      json: { type: 'boolean', about: 'The lines as they are, one report each.' },
      help: HELP,
    },
    exit: '0, or 2 when there is no report to be read.',
  },
}

/** What `quiesce --help` prints. */
export function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  return [
    ...wrap('quiesce runs daemons that stop in order, tells beforehand whether they will stop in time, and afterwards how it went.'),
    '',
    'Usage: quiesce COMMAND …',
    '',
    ...Object.entries(COMMANDS).map(([name, { title }]) => `  ${name.padEnd(width)}  ${title}`),
    '',
    '  quiesce help COMMAND   more about one command',
    '  quiesce --version',
    '',
  ].join('\n')
}

/** What `quiesce help COMMAND` prints. */
export function helpOf(command: CommandSpec): string {
  const options = Object.entries(command.options).map(([name, option]) => ({ head: headOf(name, option), about: option.about }))
  const indent = Math.max(...options.map(({ head }) => head.length)) + 4
  return [
    `Usage: quiesce ${command.synopsis}`,
    ...command.about.flatMap((paragraph) => ['', ...wrap(paragraph)]),
    '',
    ...options.flatMap(({ head, about }) => wrap(about, ' '.repeat(indent), `  ${head}`.padEnd(indent))),
    '',
    ...wrap(`Exit code: ${command.exit}`),
    '',
  ].join('\n')
}

function headOf(name: string, { short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
