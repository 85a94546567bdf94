// What a law is: a sentence, and a watcher that sees every event before it is counted and says how it breaks the law.

import { Lives } from './lives.js'
import type { Shape } from './shape.js'
import { drawTrace, type TraceEvent } from './trace.js'

/** The numbers of the laws, as in the design; a letter for a part of one. */
export type LawId = `L${number}`

/** Sees one event; `lives` is how things stood before it. Answers with a sentence when the law is broken. */
export type Watcher = (event: TraceEvent, lives: Lives) => string | undefined

/** One law. */
export interface Law {
  readonly id: LawId
  /** What it demands. */
  readonly says: string
  /** What to do when it is broken. */
  readonly advice?: string
  /** Begins to watch one run. */
  readonly watch: (shape: Shape) => Watcher
}

/** How a law was broken. */
export interface Violation {
  readonly law: Law
  readonly at: number
  readonly sentence: string
}

/** Watches one run for all laws. */
export class Watch {
  readonly lives = new Lives()
  readonly #watchers: readonly { readonly law: Law; readonly watcher: Watcher }[]

  constructor(laws: readonly Law[], shape: Shape) {
    this.#watchers = laws.map((law) => ({ law, watcher: law.watch(shape) }))
  }

  /** Shows an event to every law; the first that it breaks. */
  see(event: TraceEvent): Violation | undefined {
    let violation: Violation | undefined
    for (const { law, watcher } of this.#watchers) {
      const sentence = watcher(event, this.lives)
      if (sentence !== undefined) violation ??= { law, at: event.at, sentence }
    }
    this.lives.take(event)
    return violation
  }
}

/** What a run was: the tree and what was done to it, as text. */
export interface Subject {
  readonly tree: string
  readonly script: string
}

/** A run broke a law. The message is the whole counterexample: sentence, advice, tree, script, trace. */
export class LawBroken extends Error {
  readonly violation: Violation

  constructor(violation: Violation, { tree, script }: Subject, trace: readonly TraceEvent[]) {
    const { law, at, sentence } = violation
    const head = [`${law.id} is broken at ${at} ms: ${sentence}`, `(${law.says})`, ...(law.advice === undefined ? [] : [law.advice])]
    super([...head, '', tree, '', script, '', drawTrace(trace)].join('\n'))
    this.name = 'LawBroken'
    this.violation = violation
  }
}
