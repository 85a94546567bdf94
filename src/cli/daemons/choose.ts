// Which daemon is meant, and what in its tree: `shop/api`, `4711`, `shop-4711/api`, `api`, or nothing where there is only one.
import { resolve } from 'node:path'
import { count } from '../text.js'
import { DaemonError } from './daemon-error.js'
import { daemonOn, type Found, type FoundDaemon, findDaemons } from './find.js'
import { isFolder } from './rights.js'

/** What was said about it. */
export interface Wanted {
  /** The command, for what to type instead. */
  readonly command: string
  /** An address or a daemon; undefined where nothing was said. */
  readonly target: string | undefined
  readonly socket: string | undefined
}

/** A daemon, and the place in its tree. */
export interface Chosen {
  readonly daemon: FoundDaemon
  /** What comes below the root: `api` of `shop/api`; empty for the root. Whether it begins with the root's own id is not known yet. */
  readonly below: string
  /** What was passed over on the way: a sentence each. */
  readonly notes: readonly string[]
}

/** Finds the daemon that is meant. @throws DaemonError when there is none, or more than one. */
export async function chooseDaemon(wanted: Wanted, env: NodeJS.ProcessEnv): Promise<Chosen> {
  if (wanted.socket !== undefined && isFolder(wanted.socket)) return choose(wanted, await findDaemons(env, [resolve(wanted.socket)]))
  if (wanted.socket !== undefined) {
    const daemon = await daemonOn(wanted.socket)
    return { daemon, below: without(daemon, wanted.target), notes: [] }
  }
  return choose(wanted, await findDaemons(env))
}

/** @internal The daemon that is meant, of those that were found. @throws DaemonError */
export function choose({ command, target }: Wanted, found: Found): Chosen {
  const { daemons, notes } = found
  const [first = '', ...rest] = (target ?? '').split('/')
  const named = target === undefined ? daemons : bestNamed(daemons, first)
  const [daemon, another] = named
  if (daemon !== undefined && another !== undefined) throw several({ command, first, rest }, named)
  if (daemon !== undefined) return { daemon, below: target === undefined ? '' : rest.join('/'), notes }
  const [only, others] = daemons
  if (only === undefined) throw none(target, found)
  // The root need not be said where there is only one.
  if (others === undefined) return { daemon: only, below: target ?? '', notes }
  throw new DaemonError(`there is no daemon ${first} here, but ${count(daemons.length, 'other')}`, [...listed(daemons), ...notes])
}

// An id that looks like another's process id is still an id.
function bestNamed(daemons: readonly FoundDaemon[], word: string): readonly FoundDaemon[] {
  const exact = daemons.filter(({ name }) => name === word)
  if (exact.length > 0) return exact
  const byId = daemons.filter(({ id }) => id === word)
  return byId.length > 0 ? byId : daemons.filter(({ pid }) => String(pid) === word)
}

function without({ id, name, pid }: FoundDaemon, target = ''): string {
  const [first = '', ...rest] = target.split('/')
  return first !== '' && [id, name, String(pid)].includes(first) ? rest.join('/') : target
}

function several({ command, first, rest }: { command: string; first: string; rest: string[] }, named: readonly FoundDaemon[]): DaemonError {
  const what = `${named.length} daemons${first === '' ? '' : ` ${first}`} run here; say which`
  return new DaemonError(
    what,
    named.map(({ name }) => `  quiesce ${command} ${[name, ...rest].join('/')}`),
  )
}

function listed(daemons: readonly FoundDaemon[]): string[] {
  return daemons.map(({ name, path }) => `  ${name}  ${path}`)
}

function none(target: string | undefined, { folders, notes }: Found): DaemonError {
  const user = process.getuid?.()
  return new DaemonError(`no daemon of yours runs here${target === undefined ? '' : `, so there is no ${target}`}`, [
    `Looked in ${folders.join(', ')}.`,
    ...notes,
    `Is it started, on this machine, not in a container, and by the same user${user === undefined ? '' : ` (${user})`}?`,
    'Has it `admin: false`, a folder of its own, a private /tmp, or another XDG_RUNTIME_DIR? Then say where: --socket PATH.',
  ])
}
