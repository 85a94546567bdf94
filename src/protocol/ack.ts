// Upward: what an incarnation tells its supervisor, each exactly once.
import type { Exit } from './exit.js'

/** How an incarnation that never acknowledged `started` came to its end. */
export type Unstarted = { readonly how: 'failed'; readonly error: unknown } | { readonly how: 'ignored' }

/** The last word of an incarnation. */
export interface Stopped {
  readonly exit: Exit
  /** Set when it had not started: its start failed, or it asked to be ignored. Undefined for one that was stopped while starting. */
  readonly unstarted: Unstarted | undefined
}
