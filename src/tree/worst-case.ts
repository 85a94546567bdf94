// How long a stop may take at worst, going by the limits that the user wrote: defaults are not counted, they are not promises.
import type { Place } from './place.js'

/** The longest stop in milliseconds: edges side by side, then the rest one after another; infinite when somebody wrote `infinity`. */
export function worstCaseStop(root: Place): number {
  const { edgesMs, restMs } = worstCaseOf(root)
  return edgesMs + restMs
}

function worstCaseOf(place: Place): { readonly edgesMs: number; readonly restMs: number } {
  const { shutdownMs, shutdownWritten, edge, kind } = place.spec
  const ownMs = shutdownWritten && shutdownMs !== 'brutal-kill' ? shutdownMs : 0
  if (kind === 'service') return edge ? { edgesMs: ownMs, restMs: 0 } : { edgesMs: 0, restMs: ownMs }
  let edgesMs = 0
  let restMs = 0
  for (const child of place.children) {
    const worst = worstCaseOf(child)
    edgesMs = Math.max(edgesMs, worst.edgesMs)
    restMs += worst.restMs
  }
  const limitMs = shutdownWritten && shutdownMs !== 'brutal-kill' ? shutdownMs : Number.POSITIVE_INFINITY
  return { edgesMs: Math.min(edgesMs, limitMs), restMs: Math.min(restMs, limitMs) }
}
