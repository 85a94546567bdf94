// The hooks of a service as the kernel calls them, whatever their types were for the user.
import type { Refusals } from '../gate/refusals.js'
import type { ChildSpec } from '../protocol/spec.js'
import type { Context } from './context.js'

/** A hook that is given the handle. */
export type Hook = (handle: unknown, ctx: Context<unknown>) => unknown

/** What a user wrote, types erased. */
export interface Hooks {
  readonly start?: (ctx: Context<unknown>) => unknown
  readonly run?: (ctx: Context<unknown>) => unknown
  readonly awaitReady?: boolean
  readonly drain?: Hook
  readonly stop?: Hook
  readonly health?: Health
  readonly requests?: Readonly<Record<string, (handle: unknown, argument: unknown, ctx: Context<unknown>) => unknown>>
  /** How many requests are answered at once, and how many may wait. */
  readonly capacity?: number
  readonly queue?: number
}

/** A health check; times in milliseconds. */
export interface Health {
  readonly check: Hook
  readonly everyMs: number
  readonly timeoutMs: number
  readonly failures: number
}

/** A service as the kernel runs it. */
export interface Runnable {
  readonly spec: ChildSpec
  readonly hooks: Hooks
  /** The handles of what it uses, by name. */
  uses(): unknown
  /** Where the refusals of its gates are counted, over all incarnations. */
  readonly refusals: Refusals
}
