// What others see of a leader, whoever leads: whether this process does, its child's handle, and who does if not.
import type { LeaderRef } from '../tree/ref.js'

/** The handle of a leader. It is the same in every term. */
export interface Leadership<out Handle> extends LeaderRef {
  /** Whether this candidate leads and takes work. */
  readonly leading: boolean
  /**
   * The child's handle while it leads.
   * @throws NotReadyError (ERR_NOT_READY) while the child is being restarted.
   */
  readonly handle: Handle | undefined
  /** The term in which it leads. */
  readonly term: bigint | undefined
  /** Who leads, as far as this candidate knows: the `candidate` that it was given. */
  readonly leader: string | undefined
  /**
   * The child's handle.
   * @throws NotLeaderError (ERR_NOT_LEADER), which names who leads; NotReadyError while the child is being restarted.
   */
  get(): Handle
}
