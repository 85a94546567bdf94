// The daemons of this user on this machine, found by the sockets that they listen on.
import { readdirSync, realpathSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { describe } from '../../base/errors.js'
import { DaemonError } from './daemon-error.js'
import { folderProblem, namedSocketProblem, socketProblem } from './rights.js'

/** A daemon that listens. */
export interface FoundDaemon {
  /** The id of its root; what the socket's name says. */
  readonly id: string
  /** Undefined where the socket's name does not tell. */
  readonly pid: number | undefined
  /** `shop-4711`. */
  readonly name: string
  /** Of its socket. */
  readonly path: string
}

/** What a search has come to. */
export interface Found {
  readonly daemons: readonly FoundDaemon[]
  /** Where it was looked. */
  readonly folders: readonly string[]
  /** What was passed over, and why: a sentence each. */
  readonly notes: readonly string[]
}

// Process ids have at most seven digits; other sockets in these folders have names that end in longer ones.
const NAME = /^(.+)-(\d{1,7})\.sock$/

/** @internal Where sockets may be: a daemon that was started in another way than this shell may have been told another folder. */
export function socketFolders(env: NodeJS.ProcessEnv): string[] {
  const uid = process.getuid?.()
  const runtime = uid === undefined ? [] : [`/run/user/${uid}/quiesce`]
  const temporary = join(env['TMPDIR'] || tmpdir(), `quiesce-${uid ?? 'user'}`)
  const { XDG_RUNTIME_DIR: told } = env
  const folders = told === undefined || told === '' ? [...runtime, temporary] : [join(told, 'quiesce'), temporary]
  // The same folder by two names would hold every daemon twice.
  const known = new Map<string, string>()
  for (const folder of folders.map((each) => resolve(each))) if (!known.has(realOf(folder))) known.set(realOf(folder), folder)
  return [...known.values()]
}

function realOf(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/** Looks for daemons; those that have ended and left their sockets are noted. */
export async function findDaemons(env: NodeJS.ProcessEnv, folders: readonly string[] = socketFolders(env)): Promise<Found> {
  const daemons: FoundDaemon[] = []
  const notes: string[] = []
  for (const folder of folders) {
    const problem = folderProblem(folder)
    if (problem === 'absent') continue
    if (problem !== undefined) notes.push(`${folder} is not used: ${problem}`)
    else for (const each of await lookInto(folder)) typeof each === 'string' ? notes.push(each) : daemons.push(each)
  }
  daemons.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { daemons, folders, notes }
}

async function lookInto(folder: string): Promise<(FoundDaemon | string)[]> {
  const named = readdirSync(folder).flatMap((file) => daemonAt(join(folder, file)) ?? [])
  return await Promise.all(named.map(async (daemon) => (await whyNot(daemon)) ?? daemon))
}

function daemonAt(path: string): FoundDaemon | undefined {
  const [, id, pid] = NAME.exec(basename(path)) ?? []
  return id === undefined ? undefined : { id, pid: Number(pid), name: `${id}-${pid}`, path }
}

async function whyNot({ name, path }: FoundDaemon): Promise<string | undefined> {
  const problem = socketProblem(path)
  if (problem === 'absent') return `${name} ended just now`
  if (problem !== undefined) return `${path} is not used: ${problem}`
  const failure = await knock(path)
  if (failure === undefined) return undefined
  if (failure === 'ECONNREFUSED' || failure === 'ENOENT') return `${name} has ended and left its socket behind: ${path}`
  return `${path} cannot be connected to: ${failure}`
}

// The system accepts a connection for a process however busy that is: who is refused has nobody there.
function knock(path: string): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? describe(error)))
    socket.once('connect', () => {
      socket.destroy()
      done(undefined)
    })
  })
}

/** The daemon at a socket that somebody has named. @throws DaemonError when it is not there, or not to be trusted. */
export async function daemonOn(socket: string): Promise<FoundDaemon> {
  const path = resolve(socket)
  const problem = namedSocketProblem(path)
  if (problem === 'absent') throw new DaemonError(`there is no socket ${path}`, [`in its folder: ${listOf(dirname(path))}`])
  if (problem !== undefined) throw new DaemonError(`${path} is not used: ${problem}`)
  const failure = await knock(path)
  if (failure === 'ECONNREFUSED') throw new DaemonError(`nobody listens on ${path}: the daemon has ended and left its socket behind`)
  if (failure !== undefined) throw new DaemonError(`${path} cannot be connected to: ${failure}`)
  return daemonAt(path) ?? { id: '', pid: undefined, name: basename(path), path }
}

function listOf(folder: string): string {
  try {
    const sockets = readdirSync(folder).filter((name) => name.endsWith('.sock'))
    return sockets.length === 0 ? 'no sockets at all' : sockets.join(', ')
  } catch (error) {
    return describe(error)
  }
}
