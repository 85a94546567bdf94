// Which way every arrow runs through every state around its ends, before anything has a size: from state to state inside the innermost
// one that holds both ends, and through the borders of those around either end.
import type { Arrow, Family } from './family.js'
import { ranksOf } from './ranks.js'

/** An arrow between two children, or between a child and the border around it. */
export interface Link {
  readonly arrow: Arrow
  /** Undefined for the border. */
  readonly from: string | undefined
  readonly to: string | undefined
  readonly isDown: boolean
}

/** An arrow that begins or ends at a child, or inside it, and crosses the border. */
export interface Passage {
  readonly arrow: Arrow
  readonly child: string
  readonly side: 'top' | 'bottom'
  /** Whether it leads out of the state or into it. */
  readonly leads: 'out' | 'in'
  readonly isDown: boolean
}

/** What is inside one state. */
export interface Plan {
  readonly id: string
  readonly isParallel: boolean
  readonly children: readonly string[]
  readonly ranks: ReadonlyMap<string, number>
  readonly links: readonly Link[]
  readonly passages: readonly Passage[]
}

/** The plans of all states that have children, parents first. */
export function plansOf(family: Family): Map<string, Plan> {
  const met = new Map<string, Arrow[]>()
  for (const arrow of family.arrows) {
    const at = family.meeting(arrow.from, arrow.to)
    met.set(at, [...(met.get(at) ?? []), arrow])
  }
  const plans = new Map<string, Plan>()
  const passages = new Map<string, Passage[]>()
  const visit = (id: string): void => {
    const children = family.children(id)
    if (children.length === 0) return
    const ids = children.map((child) => child.id)
    const ends = (met.get(id) ?? []).map((arrow) => {
      return { arrow, from: family.childToward(id, arrow.from), to: family.childToward(id, arrow.to) }
    })
    const leads = ends.flatMap(({ from, to }) => (from === undefined || to === undefined ? [] : [{ from, to }]))
    const ranks = ranksOf(ids, initialOf(family, id), leads)
    const links = ends.map((end): Link => {
      const isDown = end.from === undefined || end.to === undefined || (ranks.get(end.from) ?? 0) < (ranks.get(end.to) ?? 0)
      return { ...end, isDown }
    })
    plans.set(id, { id, isParallel: family.node(id)?.kind === 'parallel', children: ids, ranks, links, passages: passages.get(id) ?? [] })
    for (const { arrow, from, to, isDown } of links) {
      passInto(from, arrow.from, { arrow, side: isDown ? 'bottom' : 'top', leads: 'out', isDown })
      passInto(to, arrow.to, { arrow, side: isDown ? 'top' : 'bottom', leads: 'in', isDown })
    }
    for (const child of ids) visit(child)
  }
  // From `outer`, a child, down to the one at which the arrow ends.
  const passInto = (outer: string | undefined, end: string, passage: Omit<Passage, 'child'>): void => {
    for (let at = outer; at !== undefined && at !== end; ) {
      const child = family.childToward(at, end)
      if (child !== undefined) passages.set(at, [...(passages.get(at) ?? []), { ...passage, child }])
      at = child
    }
  }
  if (family.root !== undefined) visit(family.root.id)
  return plans
}

function initialOf(family: Family, id: string): string | undefined {
  const initial = family.node(id)?.initial
  if (initial === undefined) return undefined
  // As an id or as a key.
  return family.children(id).find((child) => child.id === initial || child.key === initial)?.id
}
