// A file that lies there while the daemon runs: if the next start finds one of a process that is gone, that process ended without
// a farewell. Named per process, written once, never truncated; a watchdog that ends the process adds a second line.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatMs } from '../base/duration.js'
import { logError } from '../base/log-error.js'
import type { Settings } from './options.js'
import type { WatchdogWord } from './watchdog/thread.js'

/** A run that ended without a farewell. */
interface LostRun {
  readonly pid: number
  readonly startedAt: string
  /** What its watchdog said, if that has ended it. */
  readonly killed: WatchdogWord | undefined
}

// Process ids are used again, at once where every run is pid 1: the birth tells two processes with the same id apart.
interface Entry {
  readonly pid: number
  readonly startedAt: string
  readonly host: string
  readonly birth: string | undefined
}

/** The marker of one running daemon. */
export interface Marker {
  readonly file: string
  /** The farewell. */
  remove(): void
}

/** Where markers are kept: systemd's (first) state directory, else a folder of the user's below the temporary one. */
function defaultFolder(): string {
  return process.env['STATE_DIRECTORY']?.split(':')[0] ?? join(tmpdir(), `quiesce-${process.getuid?.() ?? 'user'}`)
}

/** Leaves the marker of this run, unless none is wanted or none can be had, and tells the log of those that were lost. */
export function leaveMarker(rootId: string, { marker: folder, log }: Settings): Marker | undefined {
  if (folder === false) return undefined
  try {
    const { lost, ...marker } = writeMarker(rootId, folder)
    for (const run of lost) log.warn(...describeLost(run))
    return marker
  } catch (error) {
    log.warn(logError(error), 'cannot leave the marker that tells the next start how this run ended')
    return undefined
  }
}

/**
 * Writes the marker of this run and collects those of lost ones, which are told once.
 * The same daemon is the same root id started from the same folder with the same file.
 */
function writeMarker(rootId: string, folder: string = defaultFolder()): Marker & { readonly lost: readonly LostRun[] } {
  const daemon = createHash('sha256')
    .update(`${process.cwd()}\0${process.argv[1] ?? ''}`)
    .digest('hex')
    .slice(0, 12)
  const prefix = `${rootId}-${daemon}.`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lost = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.run'))
    .flatMap((name) => collect(join(folder, name)))
  const { pid } = process
  const entry: Entry = { pid, startedAt: new Date().toISOString(), host: hostname(), birth: birthOf(pid) }
  const file = join(folder, `${prefix}${process.pid}.run`)
  writeFileSync(file, JSON.stringify(entry), { mode: 0o600 })
  return {
    file,
    lost,
    remove: () => {
      try {
        unlinkSync(file)
      } catch {
        // Somebody cleaned up before us: there is nothing left to say farewell to.
      }
    },
  }
}

function collect(file: string): LostRun[] {
  try {
    const [first = '', last] = readFileSync(file, 'utf8').split('\n')
    const entry = JSON.parse(first) as Entry
    // A folder may be shared between containers, whose processes cannot be seen from here.
    if (entry.host !== hostname() || isAlive(entry)) return []
    unlinkSync(file)
    return [{ pid: entry.pid, startedAt: entry.startedAt, killed: wordOf(last) }]
  } catch {
    return []
  }
}

function wordOf(line: string | undefined): WatchdogWord | undefined {
  try {
    return line === undefined ? undefined : (JSON.parse(line) as WatchdogWord)
  } catch {
    return undefined
  }
}

/** A lost run as a line of the log. */
function describeLost({ pid, startedAt, killed }: LostRun): [fields: object, message: string] {
  const message = 'the last run ended without a farewell'
  if (killed === undefined) return [{ lostPid: pid, startedAt }, message]
  const still = `its event loop had not turned for ${formatMs(killed.stillMs)}${killed.place === undefined ? '' : `, at ${killed.place}`}`
  return [{ lostPid: pid, startedAt, ...killed }, `${message}: its watchdog killed it, since ${still}`]
}

function isAlive({ pid, startedAt, birth }: Entry): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const born = birthOf(pid)
  if (born !== undefined && birth !== undefined) return born === birth
  return pid !== process.pid || Date.parse(startedAt) >= performance.timeOrigin
}

// When a process was born, as Linux has it: the boot, and the ticks since then. Undefined elsewhere.
function birthOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The start time is the 22nd field; the second, the name, may itself contain blanks and parentheses.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return undefined
  }
}
