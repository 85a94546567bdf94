// `quiesce run FILE`: the daemon as the file describes it, with flags laid over its options.
import type { RunOptions } from '../daemon/options.js'
import { type Called, load } from './load.js'

/** Starts the daemon in a file. From then on the process is the daemon's: it exits with its own code. */
export async function runCommand(called: Called, flags: RunOptions): Promise<void> {
  let isFirst = true
  await load(called, {
    take: (handedOver) => {
      // A second daemon in the same process must not listen on the same port or take the same flags for its own.
      const report = handedOver.start(isFirst ? flags : {})
      isFirst = false
      return report
    },
    // As `node FILE` would: nobody handles it, so it is the daemon's.
    late: (error) => void Promise.reject(error),
  })
}
