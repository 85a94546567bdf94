// The running tree as data, for people, probes and inspectors: plain JSON.
import type { Refusals } from '../gate/refusals.js'
import type { Vitals } from '../kernel/birth.js'
import type { Status as LifecycleState } from '../kernel/memoize.js'
import type { Restart } from '../protocol/exit.js'
import type { Status } from './roster.js'

export type { LifecycleState }

/** One service of the running tree. */
export interface TreeNode extends Vitals {
  readonly id: string
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  readonly status: Status
  /** Where exactly it is in its life; `stopped` before the first start too. */
  readonly state: LifecycleState
  /** 0 before the first start. */
  readonly incarnation: number
  /**
   * While it is `starting` and waits: the number of the incarnation before it, which was killed and of which something still runs. It
   * begins once that has ended, or has had its time.
   */
  readonly predecessor?: number | undefined
  readonly inFlight: number
  /** What was refused before the attempt, in all its incarnations; undefined where nothing is counted, as for one of many, whose supervisor counts. */
  readonly refused?: Readonly<Refusals> | undefined
  readonly restart: Restart
  /** Drained before everybody else. */
  readonly edge: boolean
  /** Of a supervisor: whether its children come at run time. */
  readonly dynamic: boolean
  /** Of a supervisor. */
  readonly strategy?: string | undefined
  /** The addresses of what it uses. */
  readonly uses: readonly string[]
  /** Whether it runs a machine of the user's. */
  readonly hasMachine: boolean
  /** Of a leader: whether this process leads, and in which term (as text: JSON has no numbers of that size). */
  readonly leader?: { readonly leading: boolean; readonly term: string | undefined } | undefined
  readonly children: readonly TreeNode[]
}

/** A service and all below it, nearer ones first. */
export function everyNode(root: TreeNode): TreeNode[] {
  const all = [root]
  // The list grows while it is walked.
  for (const node of all) all.push(...node.children)
  return all
}
