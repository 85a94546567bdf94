// In which row each child of a state stands: below those that lead to it, as near to them as can be. Ways back run upward.

/** That one child leads to another. */
export interface Lead {
  readonly from: string
  readonly to: string
}

/** The row of each, from 0. Children that lead to one another are never in the same row. */
export function ranksOf(ids: readonly string[], initial: string | undefined, leads: readonly Lead[]): Map<string, number> {
  const first = initial !== undefined && ids.includes(initial) ? [initial] : []
  const forward = withoutCircles([...first, ...ids.filter((id) => id !== initial)], leads)
  const ranks = longestWays(ids, forward)
  pullTogether(ids, new Set(first), forward, ranks)
  return ranks
}

// Depth first from where it begins: what leads back to a state on the way there is a way back.
function withoutCircles(ids: readonly string[], leads: readonly Lead[]): Lead[] {
  const state = new Map<string, 'open' | 'done'>()
  const forward: Lead[] = []
  const visit = (id: string): void => {
    state.set(id, 'open')
    for (const lead of leads) {
      if (lead.from !== id || lead.to === id) continue
      if (state.get(lead.to) === 'open') {
        forward.push({ from: lead.to, to: id })
        continue
      }
      forward.push(lead)
      if (state.get(lead.to) === undefined) visit(lead.to)
    }
    state.set(id, 'done')
  }
  for (const id of ids) if (state.get(id) === undefined) visit(id)
  return forward
}

function longestWays(ids: readonly string[], forward: readonly Lead[]): Map<string, number> {
  const ranks = new Map<string, number>()
  const rankOf = (id: string): number => {
    const known = ranks.get(id)
    if (known !== undefined) return known
    const above = forward.filter(({ to }) => to === id)
    const rank = Math.max(-1, ...above.map(({ from }) => rankOf(from))) + 1
    ranks.set(id, rank)
    return rank
  }
  for (const id of ids) rankOf(id)
  return ranks
}

// Where there is room to move, to the side to which more arrows lead: that makes them shorter.
function pullTogether(ids: readonly string[], fixed: ReadonlySet<string>, forward: readonly Lead[], ranks: Map<string, number>): void {
  const rankOf = (id: string): number => ranks.get(id) ?? 0
  for (let round = 0, hasMoved = true; hasMoved && round < 10; round += 1) {
    hasMoved = false
    for (const id of ids) {
      if (fixed.has(id)) continue
      const above = forward.filter(({ to }) => to === id).map(({ from }) => rankOf(from))
      const below = forward.filter(({ from }) => from === id).map(({ to }) => rankOf(to))
      if (below.length <= above.length) continue
      const rank = Math.min(...below) - 1
      if (rank === rankOf(id)) continue
      ranks.set(id, rank)
      hasMoved = true
    }
  }
}
