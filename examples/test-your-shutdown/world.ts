// What lies outside of the daemon: how long things take there, and what it has come to. Tests replace it whole.
import { setTimeout as wait } from 'node:timers/promises'
import type { VirtualEnv } from 'quiesce/testing'

/** What is on paper, and survives the daemon. */
export interface Books {
  /** Taken in from customers. */
  readonly accepted: string[]
  /** In the depot, waiting for the carrier. */
  readonly waiting: string[]
  /** Handed to the carrier. What is in here and not in `sent` would be handed over again after the next start. */
  readonly handedOver: string[]
  /** Written down as sent. */
  readonly sent: string[]
}

export interface World {
  readonly books: Books
  /** What the daemon has open out there. */
  readonly open: Set<string>
  /** Resolves when something outside has taken so long. */
  pause(ms: number): Promise<void>
  /** A number in [0, 1). */
  random(): number
}

const emptyBooks = (): Books => ({ accepted: [], waiting: [], handedOver: [], sent: [] })

/** The real one. */
export const realWorld = (): World => ({ books: emptyBooks(), open: new Set(), pause: (ms) => wait(ms), random: Math.random })

/** One in virtual time: its pauses pass with the clock of a simulation, its chance is that of the seed. */
export const virtualWorld = (env: VirtualEnv): World => ({
  books: emptyBooks(),
  open: new Set(),
  pause: (ms) => new Promise((resolve) => void env.outside.after(ms, resolve, true)),
  random: env.random,
})
