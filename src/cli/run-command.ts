// `quiesce run FILE`: the daemon as the file describes it, with flags laid over its options.
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { RunOptions } from '../daemon/options.js'
import { recorder } from '../inspect/recorder.js'
import { type Called, load } from './load.js'
import { UsageError } from './usage-error.js'

/** What is to be run. */
export interface RunRequest extends Called {
  readonly flags: RunOptions
  /** A file for all that happens. */
  readonly record: string | undefined
}

/** Starts the daemon in a file. From then on the process is the daemon's: it exits with its own code. @throws UsageError, FileError */
export async function runCommand({ flags, record, ...called }: RunRequest): Promise<void> {
  const own = record === undefined ? flags : { ...flags, observers: [recorder(recordingAt(record))] }
  let isFirst = true
  await load(called, {
    take: (handedOver) => {
      // A second daemon in the same process must not listen on the same port or take the same flags for its own.
      const report = handedOver.start(isFirst ? own : {})
      isFirst = false
      return report
    },
    // As `node FILE` would: nobody handles it, so it is the daemon's.
    late: (error) => void Promise.reject(error),
  })
}

// Where it was meant when it was written: the file may change its folder. And before anything runs that would not be recorded.
function recordingAt(file: string): string {
  const path = resolve(file)
  const folder = statSync(dirname(path), { throwIfNoEntry: false })
  if (folder?.isDirectory() !== true) throw new UsageError(`--record ${file}: there is no folder ${dirname(path)}`, 'run')
  return path
}
