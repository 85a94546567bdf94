// What a mutant is: a rule of the runtime that is broken on purpose, behind mocks that the test takes away again.

/** One broken rule. */
export interface Mutant {
  /** What is wrong, as a sentence. */
  readonly name: string
  /** Breaks it, until mocks are restored and switches are off. */
  readonly breaks: () => void
  /** The laws of which one is to catch it. */
  readonly laws: RegExp
}
