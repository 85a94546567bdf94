// A statechart as data: what of a machine can be drawn, without the machine. Plain JSON, so that it can be sent and kept.

/** One state of a chart. */
export interface ChartNode {
  /** The path of keys from the machine's id on: `service.draining.settling`. The root has the machine's id. */
  readonly id: string
  /** Its own key. */
  readonly key: string
  /** The state around it; undefined for the root. */
  readonly parent?: string | undefined
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  /** Of a compound state: the id of the child in which it begins. */
  readonly initial?: string | undefined
  /** Of a history state: whether it remembers what was inside the states around it as well. */
  readonly history?: 'shallow' | 'deep' | undefined
  readonly tags: readonly string[]
  /** The names of the actions on entry and exit; those without a name are left out. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  /** What is invoked while it is active. */
  readonly invokes: readonly string[]
}

/** One transition. */
export interface ChartEdge {
  readonly from: string
  /** Undefined for a transition that stays where it is and only acts. */
  readonly to?: string | undefined
  /** What a person calls its cause: an event's type, `after 500 ms`, `done: job`, `always`. */
  readonly label: string
  /** The event's type as XState has it. */
  readonly event: string
  /** Its condition, as `isOpen and not isFull`; `…` stands for one without a name. */
  readonly guard?: string | undefined
  /** Those that have a name. */
  readonly actions: readonly string[]
}

/** A machine to be drawn. */
export interface Chart {
  readonly id: string
  /** Parents before children, in the order of the definition. */
  readonly nodes: readonly ChartNode[]
  readonly edges: readonly ChartEdge[]
}
