// Who stands between a stop request and this process: shells and package managers keep signals to themselves, or end at the signal
// without waiting for their children. Decided from what the operating system says of the processes above; nothing is read here.

/** A process above this one. */
export interface Ancestor {
  readonly pid: number
  /** Its command line; empty where it may not be read. */
  readonly argv: readonly string[]
}

/** Where a process comes from. */
export interface Lineage {
  readonly pid: number
  /** The parent first, up to the first process of the container or the machine; empty where that is not known. */
  readonly ancestors: readonly Ancestor[]
  /** How Node was called, as far as it may be shown. */
  readonly command: readonly string[]
  /** `npm_lifecycle_event`: the script that a package manager runs. */
  readonly script: string | undefined
  /** `npm_execpath`: which package manager. */
  readonly manager: string | undefined
  readonly isProduction: boolean
}

/** Something to say of it. */
export interface LineageNote {
  readonly level: 'info' | 'warn'
  readonly fields: object
  readonly message: string
}

/** A process that stands between a stop request and Node. */
export interface Kind {
  readonly kind: 'shell' | 'manager' | 'init'
  /** What of its command line may be shown: arguments can be secrets. */
  readonly shown: string
}

/** What there is to say; nothing on a machine where something else, such as systemd, looks after the process. */
export function lineageNotes(lineage: Lineage): LineageNote[] {
  const { pid, ancestors, script, manager, isProduction, command } = lineage
  if (pid === 1) {
    const orphans = 'use `docker run --init`, or `shareProcessNamespace: true` in Kubernetes, if its children leave any behind'
    return [
      { level: 'info', fields: {}, message: `this is process 1: it hears its signals, but nobody reaps orphaned processes; ${orphans}` },
    ]
  }
  const kinds = ancestors.map(({ argv }) => kindOf(argv))
  const above = kinds.every((kind) => kind !== undefined) ? kinds.findLastIndex((kind) => kind.kind !== 'init') : -1
  const [first, ancestor] = [kinds[above], ancestors[above]]
  if (first !== undefined && ancestor !== undefined) return [swallows(first, ancestor.pid, command)]
  if (!isProduction || script === undefined) return []
  const name = manager === undefined ? undefined : kindOf([manager])?.shown
  const by = name === undefined ? 'a package manager' : `a package manager (${name})`
  const message = `started by ${by}, which may not pass signals on; in production start node without it: ${command.join(' ')}`
  return [{ level: 'warn', fields: { script }, message }]
}

function swallows({ kind, shown }: Kind, pid: number, command: readonly string[]): LineageNote {
  const written = `CMD [${command.map((part) => (part === '…' ? part : JSON.stringify(part))).join(', ')}]`
  const remedy = kind === 'shell' ? `${written}, or \`exec node …\` as the last line of a script` : written
  const message = `process ${pid} of the container is \`${shown}\`, which does not hand SIGTERM to this process: it would be killed in the middle of its work; write ${remedy}`
  return { level: 'warn', fields: { pid, process: shown }, message }
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh'])
const INITS = new Set(['tini', 'docker-init', 'dumb-init', 'catatonit', 'podman-init'])
const RUNTIMES = new Set(['node', 'nodejs', 'bun'])
const MANAGER = /^(npm|npx|yarn|yarnpkg|pnpm|pnpx)(-cli)?(-[\d.]+)?(\.[cm]?js)?$/

/** What a command line starts that may keep signals to itself, or passes them on (`init`); undefined for anything else. */
export function kindOf(argv: readonly string[]): Kind | undefined {
  // npm writes itself a title: one string, in the place of its arguments.
  const words = argv.length === 1 ? (argv[0] as string).split(' ') : argv
  const [name = '', ...rest] = words
  const base = baseName(name)
  if (base === 'busybox') return kindOf(rest)
  if (INITS.has(base)) return { kind: 'init', shown: base }
  if (SHELLS.has(base)) return shell(base, rest)
  if (RUNTIMES.has(base)) return managerOf(rest.slice(rest.findIndex((word) => !word.startsWith('-'))))
  return managerOf(words)
}

// One without a command or a script is somebody's terminal.
function shell(name: string, args: readonly string[]): Kind | undefined {
  const script = args.find((arg) => !arg.startsWith('-'))
  if (script === undefined) return undefined
  const isCommand = args.some((arg) => /^-[a-z]*c$/.test(arg))
  return { kind: 'shell', shown: isCommand ? `${name} -c …` : `${name} ${baseName(script)}` }
}

function managerOf([name = '', ...args]: readonly string[]): Kind | undefined {
  const manager = MANAGER.exec(baseName(name))?.[1]
  if (manager === undefined) return undefined
  const count = /^(run|run-script|exec|x|dlx)$/.test(args[0] ?? '') ? 2 : 1
  const options = args.findIndex((arg) => !/^\w[\w:.-]*$/.test(arg))
  const words = args.slice(0, Math.min(count, options < 0 ? count : options))
  return { kind: 'manager', shown: [manager, ...words].join(' ') }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
