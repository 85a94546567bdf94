// What is known of the term before.
import type { LastExit } from '../../protocol/lease.js'

/** How the term before ended, if that was written down; the latest that was may be of an earlier one. */
export function exitBefore(term: bigint, latest: LastExit | undefined): LastExit | undefined {
  return latest?.term === term - 1n ? latest : undefined
}
