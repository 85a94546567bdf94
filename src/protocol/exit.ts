// How an incarnation ended, and what that means for its supervisor and for the report.

/** How one incarnation ended: by itself, as asked, by force, or by accident. */
export type Exit =
  | { readonly reason: 'normal' }
  | { readonly reason: 'shutdown' }
  | { readonly reason: 'killed' }
  | { readonly reason: 'crash'; readonly cause: unknown }

export const NORMAL: Exit = Object.freeze({ reason: 'normal' })
export const SHUTDOWN: Exit = Object.freeze({ reason: 'shutdown' })
export const KILLED: Exit = Object.freeze({ reason: 'killed' })

export function crash(cause: unknown): Exit {
  return { reason: 'crash', cause }
}

/** When an ended child is started again (OTP's restart types). */
export type Restart = 'permanent' | 'transient' | 'temporary'

/**
 * What became of a service in a stop: it acknowledged; it acknowledged but something failed on the way; it was ended by
 * force and all its hooks are over; it was ended by force and one of its hooks still runs.
 */
export type Verdict = 'acked' | 'failed' | 'killed' | 'abandoned'
