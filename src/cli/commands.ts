// The commands, their options and what they say about themselves: parsing, help and completion read the same table.

/** What may stand somewhere, so that a shell can complete it. */
export type Completes = 'file' | 'address' | 'daemon' | 'file-or-address' | 'file-or-daemon' | 'nothing' | readonly string[]

/** One option of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** What its value is called in the help. */
  readonly value?: string
  /** What its value may be. */
  readonly completes?: Completes
  readonly about: string
}

/** One command. */
export interface CommandSpec {
  readonly synopsis: string
  /** One line, for the list. */
  readonly title: string
  readonly about: readonly string[]
  /** What may stand behind its name. */
  readonly operands: readonly Completes[]
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
const LIVE = {
  socket: {
    type: 'string',
    value: 'PATH',
    completes: 'file',
    about: 'The socket of the daemon, or the folder where it is. Default: the variable QUIESCE_SOCKET, or the usual folders.',
  },
  timeout: { type: 'string', value: 'TIME', about: 'How long to wait for an answer. Default 5s.' },
} as const satisfies Record<string, OptionSpec>
const YES: OptionSpec = { type: 'boolean', short: 'y', about: 'Do not ask whether it is meant.' }
const LOADING =
  'FILE is imported, with what stands behind `--` as its arguments. It calls `run(tree, options)`, or it exports a tree as `tree` or as its default.'
const TYPESCRIPT =
  'TypeScript: Node 22.18 and later read it by themselves. On an older one, with a loader: node --import tsx node_modules/.bin/quiesce …'
const WHICH =
  'ADDRESS begins with the daemon: the id of its root (`shop/api`), its process id (`4711/api`) or both (`shop-4711/api`). Where only one runs, that may be left out (`api`).'
const WHICH_DAEMON =
  'DAEMON is the id of its root (`shop`), its process id (`4711`) or both (`shop-4711`). Where only one runs, it may be left out.'
const ASKED = '0 done, 1 the daemon was not found, did not answer or refused, or it did not come to what was asked for, 2 called wrongly.'

/** All commands by name. */
export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  check: {
    synopsis: 'check FILE [options] [-- arguments of FILE]',
    title: 'will it stop in time? nothing is started',
    about: [
      LOADING,
      'Prints the tree and the longest way that its stop can take by the limits that are written, against `grace`. With a manifest also whether Kubernetes leaves it that time, and whether its probes, `preStop` and signals reach the daemon.',
      'What FILE prints while it is imported goes to standard error.',
      TYPESCRIPT,
    ],
    operands: ['file'],
    options: {
      manifest: {
        type: 'string',
        value: 'YAML',
        completes: 'file',
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
  run: {
    synopsis: 'run FILE [options] [-- arguments of FILE]',
    title: 'run the daemon in FILE',
    about: [LOADING, 'The options below are laid over those in the file.', TYPESCRIPT],
    operands: ['file'],
    options: {
      report: {
        type: 'string',
        value: 'FILE',
        completes: 'file',
        about: 'Append the shutdown report to FILE. Default: the variable QUIESCE_REPORT, or nowhere.',
      },
      record: {
        type: 'string',
        value: 'FILE',
        completes: 'file',
        about: 'Append all that happens to FILE; `quiesce inspect FILE` shows it.',
      },
      ...FLAGS,
      help: HELP,
    },
    exit: "The daemon's own: 0 clean, 1 gave up, 2 not well formed, 3 forced, 4 the start failed.",
  },
  tree: {
    synopsis: 'tree [ADDRESS] [options]',
    title: 'what runs, and how each service is',
    about: [
      'Prints the tree of a running daemon: the state of each service, which of its lives it is in, restarts within the window, work in flight of its capacity, missed health checks, who leads.',
      WHICH,
      'Of many children those are shown that tell something; the rest is one line.',
    ],
    operands: ['address'],
    options: {
      depth: { type: 'string', short: 'd', value: 'N', about: 'So many levels below the first.' },
      all: { type: 'boolean', short: 'a', about: 'Every child, however many there are.' },
      ...LIVE,
      json: JSON_OPTION,
      help: HELP,
    },
    exit: ASKED,
  },
  top: {
    synopsis: 'top [DAEMON] [options]',
    title: 'the same, live; a shutdown with who is not done and why',
    about: [
      'Fills the terminal until q, Ctrl+C, or the end of the daemon: then its shutdown report is left on the screen. Keys: t the tree, i by work in flight, r by restarts, s by state, a every child, arrows scroll.',
      'Where the output is no terminal: one picture. With `--json`: every frame as a line, which is a recording that `quiesce inspect` opens.',
      WHICH_DAEMON,
    ],
    operands: ['daemon'],
    options: { ...LIVE, json: { type: 'boolean', about: 'Every frame as a line of JSON, until the daemon ends.' }, help: HELP },
    exit: '0 seen enough, or the daemon has ended with a report; 1 it was not found, did not answer, or is gone without a farewell; 2 called wrongly; 128 + N ended by signal N.',
  },
  inspect: {
    synopsis: 'inspect [FILE | DAEMON] [options]',
    title: "a daemon's inspector in the browser, or a recording",
    about: [
      'Prints the address of the page. A daemon with the observer `inspector()` serves it itself. For one without it, and for a recording in FILE, it is served here, on 127.0.0.1 and to whoever has the token in its address, until Ctrl+C.',
      'Recordings are written by `quiesce run --record FILE` and by `quiesce top --json > FILE`.',
      WHICH_DAEMON,
    ],
    operands: ['file-or-daemon'],
    options: {
      open: { type: 'boolean', short: 'o', about: 'Open it in the browser.' },
      controls: { type: 'boolean', about: 'Served here for a daemon, the page may restart, drain, kill and have leaders step down.' },
      port: { type: 'string', value: 'PORT', about: 'Where it is served here. Default: any free port.' },
      ...LIVE,
      json: { type: 'boolean', about: 'The address as JSON.' },
      help: HELP,
    },
    exit: '0 served until Ctrl+C, or its address told, 1 the daemon was not found or did not answer, 2 called wrongly, or no recording.',
  },
  restart: {
    synopsis: 'restart ADDRESS [options]',
    title: 'stop a service in order and start it again',
    about: ['Accepted work is finished, then the service stops, and starts anew. Shows what happens until it is over.', WHICH],
    operands: ['address'],
    options: { ...LIVE, json: JSON_OPTION, help: HELP },
    exit: ASKED,
  },
  drain: {
    synopsis: 'drain [ADDRESS] [options]',
    title: 'finish what has been accepted, take no more',
    about: [
      'The service takes no new work, finishes what it has accepted, and stops; it stays down until it is restarted, and the process goes on. Without an address, and at the root, all that takes work in from outside is drained (the edges); on a terminal you are asked first, elsewhere `--yes` is needed. Shows what happens until it is over.',
      'To stop the whole daemon, send SIGTERM to its process.',
      WHICH,
    ],
    operands: ['address'],
    options: { yes: YES, ...LIVE, json: JSON_OPTION, help: HELP },
    exit: ASKED,
  },
  kill: {
    synopsis: 'kill ADDRESS [options]',
    title: 'end a service by force; its supervisor decides what then',
    about: [
      'Nothing is finished: what the service works on is cut off. Its supervisor takes it for a crash. On a terminal you are asked first, elsewhere `--yes` is needed.',
      WHICH,
    ],
    operands: ['address'],
    options: { yes: YES, ...LIVE, json: JSON_OPTION, help: HELP },
    exit: ASKED,
  },
  'step-down': {
    synopsis: 'step-down [ADDRESS] [options]',
    title: 'a leader gives up its term, so that another one leads',
    about: [
      'The leader finishes what it has accepted in its term and gives its lease back. Without an address: the one leader of the daemon.',
      WHICH,
    ],
    operands: ['address'],
    options: { ...LIVE, json: JSON_OPTION, help: HELP },
    exit: ASKED,
  },
  graph: {
    synopsis: 'graph [FILE | ADDRESS] [options] [-- arguments of FILE]',
    title: 'the tree as a diagram: Mermaid, or DOT for Graphviz',
    about: [
      'Of FILE as it is written, without starting it; of a running daemon with how each service is. What has an ending such as .js or .ts, and what is there as a file, is a file.',
      LOADING,
      WHICH,
    ],
    operands: ['file-or-address'],
    options: {
      format: { type: 'string', short: 'f', value: 'NAME', completes: ['mermaid', 'dot'], about: '`mermaid` (the default) or `dot`.' },
      ...LIVE,
      json: { type: 'boolean', about: 'The tree as JSON instead of a diagram. A time without a limit is null.' },
      help: HELP,
    },
    exit: '0 drawn, 1 the file throws or its tree cannot be built, or the daemon was not found or did not answer, 2 called wrongly.',
  },
  report: {
    synopsis: 'report [FILE | DAEMON] [options]',
    title: 'how the last stop went',
    about: [
      'Reads shutdown reports from FILE: one that `--report` or the option `report` has written, or the log of a daemon. `-` is standard input. Default: the file named by the variable QUIESCE_REPORT; without that, or with the name of a daemon, the file in which a daemon that runs keeps its reports.',
      WHICH_DAEMON,
    ],
    operands: ['file-or-daemon'],
    options: {
      number: { type: 'string', short: 'n', value: 'N', about: 'The last N reports. Default 1.' },
      all: { type: 'boolean', about: 'All of them.' },
      ...LIVE,
      json: { type: 'boolean', about: 'The lines as they are, one report each.' },
      help: HELP,
    },
    exit: '0; 1 when there is no such daemon, or no report of it; 2 when there is no report in FILE.',
  },
  completion: {
    synopsis: 'completion bash | zsh | fish',
    title: 'what your shell needs to complete commands, options and addresses',
    about: [
      'Prints a script. bash, in ~/.bashrc: eval "$(quiesce completion bash)". zsh, in ~/.zshrc after compinit: eval "$(quiesce completion zsh)". fish: quiesce completion fish > ~/.config/fish/completions/quiesce.fish',
    ],
    operands: [['bash', 'zsh', 'fish']],
    options: { help: HELP },
    exit: '0, or 2 for a shell that is not known.',
  },
}
