// What inspectors are sent and recordings are made of: the whole state first, then what happens. Plain JSON.

import type { Report } from '../../policy/report.js'
import type { Chart } from '../../protocol/chart.js'
import type { Fact, StopPhase, StopSummary } from '../../protocol/fact.js'
import type { TreeNode } from '../../tree/tree-node.js'
import type { DaemonInfo } from '../daemon-info.js'

/** An error as it is sent: never what else hangs on it. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
  /** The chain of its causes, nearest first. */
  readonly causes: readonly string[]
}

/** A fact as it is sent: errors without what hangs on them, terms as decimal text, a time without a limit as null. */
export type WireFact = WireOf<Fact>

type WireOf<F> = F extends unknown ? { readonly [Key in keyof F]: WireField<Key, F[Key]> } : never
type WireField<Key, Value> = Key extends 'error' | 'cause'
  ? WireError
  : Key extends 'errors'
    ? readonly WireError[]
    : Value extends bigint
      ? string
      : Key extends 'ending' | 'exit'
        ? WireOf<Value>
        : Key extends `${string}Ms`
          ? Value | null
          : Value

/** All as it is at one moment; what a newcomer needs. Sent first, and again after frames were lost. */
export interface StateFrame {
  readonly type: 'state'
  /** The number of the latest fact that is in it; 0 before the first. */
  readonly seq: number
  /** On the clock of the facts, in milliseconds. */
  readonly at: number
  /** The same moment as milliseconds since 1970. */
  readonly wallAt: number
  readonly daemon: DaemonInfo
  readonly tree: TreeNode
  /** The charts of users' machines, by address; at that of a dynamic supervisor the chart of its children's. */
  readonly charts: Readonly<Record<string, Chart>>
  /** In which states users' machines are, by address, as far as their transitions were heard. */
  readonly machines?: Readonly<Record<string, MachineState>> | undefined
  /** The stop under way, or over. */
  readonly stop?: StopView | undefined
  /** Whether `restart`, `drain`, `kill` and `step-down` may be asked for. */
  readonly controls: boolean
  /** Once the tree has stopped. */
  readonly report?: Report | undefined
}

/** In what a user's own machine is. */
export interface MachineState {
  /** XState's state value. */
  readonly value: unknown
  /** The type of what was sent to it last, if that was the cause. */
  readonly event?: string | undefined
  readonly at: number
}

/** How far a stop has come. Moments are on the clock of the facts. */
export interface StopView {
  readonly reason: string
  readonly startedAt: number
  /** The time it has; null without a limit. */
  readonly budgetMs: number | null
  readonly inFlight: number
  readonly phases: readonly PhaseView[]
  /** Once it is over. */
  readonly endedAt?: number | undefined
  readonly summary?: StopSummary | undefined
}

/** One phase of a stop. */
export interface PhaseView {
  readonly phase: StopPhase
  readonly startedAt: number
  /** Once it is over. */
  readonly tookMs?: number | undefined
  readonly failed: boolean
}

/** One fact. One whose number is not above that of the latest state is history: it is in the state already. */
export interface FactFrame {
  readonly type: 'fact'
  readonly seq: number
  readonly fact: WireFact
}

/** What changes all the time, of those for whom it has changed since the last of these; about once a second. */
export interface GaugesFrame {
  readonly type: 'gauges'
  readonly at: number
  readonly changed: Readonly<Record<string, Gauges>>
  /** Who has been added to the tree since the last of these and is there still, with all below; its facts have told its address only. */
  readonly added?: readonly TreeNode[] | undefined
  /** The charts of the machines of those, as in a state, as far as they are new. */
  readonly charts?: StateFrame['charts'] | undefined
}

/** What is measured of one service or supervisor. */
export interface Gauges {
  readonly inFlight: number
  readonly capacity?: number | undefined
  readonly waiting?: number | undefined
  readonly refused?: TreeNode['refused']
  readonly health?: TreeNode['health']
  readonly restarts?: TreeNode['restarts']
  readonly leader?: TreeNode['leader']
  readonly predecessor?: number | undefined
}

/** The reader was too slow, or away for too long: so many facts are gone. A state follows. */
export interface DroppedFrame {
  readonly type: 'dropped'
  readonly count: number
}

export type Frame = StateFrame | FactFrame | GaugesFrame | DroppedFrame
