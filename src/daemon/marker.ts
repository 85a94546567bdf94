// A file that lies there while the daemon runs: if the next start finds one of a process that is gone, that process ended without
// a farewell. Named per process, written once, never truncated.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** A run that ended without a farewell. */
export interface LostRun {
  readonly pid: number
  readonly startedAt: string
}

/** The marker of one running daemon. */
export interface Marker {
  /** Earlier runs of the same daemon that ended without a farewell; told once. */
  readonly lost: readonly LostRun[]
  /** The farewell. */
  remove(): void
}

/** Where markers are kept: systemd's state directory, else a folder of the user's below the temporary one. */
function defaultFolder(): string {
  return process.env['STATE_DIRECTORY'] ?? join(tmpdir(), `quiesce-${userInfo().uid}`)
}

/**
 * Leaves the marker of this run and collects those of lost ones.
 * The same daemon is the same root id started from the same folder with the same file.
 */
export function leaveMarker(rootId: string, folder: string = defaultFolder()): Marker {
  const daemon = createHash('sha256')
    .update(`${process.cwd()}\0${process.argv[1] ?? ''}`)
    .digest('hex')
    .slice(0, 12)
  const prefix = `${rootId}-${daemon}.`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lost = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.run'))
    .flatMap((name) => collect(join(folder, name)))
  const file = join(folder, `${prefix}${process.pid}.run`)
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: new Date().toISOString() }), { mode: 0o600 })
  return {
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
    const run = JSON.parse(readFileSync(file, 'utf8')) as LostRun
    if (isAlive(run.pid)) return []
    unlinkSync(file)
    return [run]
  } catch {
    return []
  }
}

// A marker with our own pid is of an earlier process that had it: in a container every run is pid 1.
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
