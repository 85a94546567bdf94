// How long to wait before the next attempt: exponential, capped, with a share left to chance so that many do not retry in step.
import type { Backoff } from '../protocol/spec.js'

/** The delay before attempt number `attempt` (1 is the first), in milliseconds; `chance` is in [0, 1). */
export function backoffDelay(backoff: Pick<Backoff, 'initialMs' | 'factor' | 'maxMs' | 'jitter'>, attempt: number, chance: number): number {
  const full = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (attempt - 1))
  return full * (1 - backoff.jitter * chance)
}
