// A tree as it was written, as data: what can be computed about its stop and its start before anything lives.

import type { Restart } from '../protocol/exit.js'
import type { StrategyName } from '../protocol/spec.js'

/** One service or supervisor, as it was written; times in milliseconds. */
export interface Blueprint {
  readonly id: string
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  /** Whether its children are made at run time, from one template. */
  readonly dynamic: boolean
  /** When it is started again after it has ended. */
  readonly restart: Restart
  /** Of a supervisor: how it answers a crash. */
  readonly strategy: StrategyName | undefined
  /** How its children are ordered. */
  readonly order: 'declared' | 'graph'
  /** Drained first; false for one that others use, whatever was written. */
  readonly edge: boolean
  readonly shutdownMs: number | 'brutal-kill'
  /** Whether somebody wrote `shutdown`: an unwritten default is no promise, and is not counted. */
  readonly shutdownWritten: boolean
  /** Infinite where nobody wrote one. */
  readonly startTimeoutMs: number
  /** The addresses of what it uses itself. */
  readonly uses: readonly string[]
  /** The siblings that it, or somebody below it, uses: their numbers among the children of its supervisor. */
  readonly siblingsUsed: readonly number[]
  /** In the order in which they were declared. */
  readonly children: readonly Blueprint[]
}

/** Every service and supervisor of a tree, parents before children. */
export function everyBlueprint(root: Blueprint): Blueprint[] {
  const all = [root]
  // The list grows while it is walked.
  for (const each of all) all.push(...each.children)
  return all
}

/** The children of a supervisor, users before what they use; those that have nothing to do with each other last declared first. */
export function usersFirst({ children }: Blueprint): number[] {
  const usersLeft = children.map(() => 0)
  for (const { siblingsUsed } of children) for (const used of siblingsUsed) usersLeft[used] = (usersLeft[used] ?? 0) + 1
  const order = children.flatMap((_, at) => (usersLeft[at] === 0 ? [at] : [])).reverse()
  for (const at of order) {
    for (const used of children[at]?.siblingsUsed ?? []) {
      usersLeft[used] = (usersLeft[used] ?? 0) - 1
      if (usersLeft[used] === 0) order.push(used)
    }
  }
  return order
}
