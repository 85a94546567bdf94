// What an incarnation is made of and whom it deals with: its work below, its owner above, the world around.
import type { AnyActorRef } from 'xstate'
import type { Env } from '../base/env.js'
import type { Feed } from '../base/feed.js'
import type { Stopped } from '../protocol/ack.js'
import type { Fact, Held } from '../protocol/fact.js'
import type { memoizedLifecycle, Status } from './memoize.js'
import type { GuardedTap } from './tap.js'
import type { Teardown } from './teardown.js'

/** What an incarnation does for its service: its hooks, or its children. Each method answers by telling the incarnation. */
export interface Work {
  /** Ends in `started` or `startFailed`. */
  start(): void
  /** The start has been acknowledged. */
  serve?(): void
  abortStart(): void
  /** No new work from now on. */
  refuse(): void
  /** Ends in `settled` when no accepted work is left. */
  settle(): void
  /** The time for finishing is over. */
  abort(): void
  /** Ends in `closed` when the resource is released. */
  close(): void
  /** Given up: begin to release what can be released; nobody waits for it. */
  letGo(): void
  /** The last chance: what was not released yet is released now, whatever still runs. */
  giveUp?(): void
  readonly inFlight: number
  vitals?(): Vitals
  /** How long 99 of 100 permits are held at most, in milliseconds, if that was measured. */
  readonly p99Ms?: number | undefined
  /** What it holds now: asked for when its time is over. */
  held?(): Held
  /** Of a supervisor that has ended: the child whose end let it. */
  readonly lastChild?: { readonly address: string } | undefined
  /** Whether something of it still runs. */
  readonly busy: boolean
  /** No more settling of what it holds, while it is itself being cancelled or closed. */
  hurry?(): void
  /** The deadline of the stop has come nearer. */
  hasten?(): void
  /** Whether an error is a hook's way of obeying our own signals. */
  isOwnAbort?(error: unknown): boolean
}

/** What is measured of an incarnation, for those who look. */
export interface Vitals {
  /** How many permits its gates have in all; undefined where there is no gate, or one without a limit. */
  readonly capacity?: number | undefined
  /** How many wait for a permit. */
  readonly waiting?: number | undefined
  /** Health checks missed in a row, and how many are a crash; undefined for a service without a check. */
  readonly health?: { readonly misses: number; readonly limit: number } | undefined
  /** Of a supervisor: the restarts that its intensity counts now, and its limit. */
  readonly restarts?: { readonly count: number; readonly max: number; readonly withinMs: number } | undefined
}

/** An incarnation as its own parts see it. */
export interface Life {
  readonly address: string
  readonly incarnation: number
  readonly env: Env
  readonly facts: Feed<Fact>
  readonly status: Status
  /** The moment by which it must have ended; infinite while there is none. */
  readonly deadlineAt: number
  readonly work: Work
  noteError(hook: string, error: unknown): void
  readonly torn: boolean
  whenTorn(fn: () => void): void
}

/** Whom an incarnation answers to. */
export interface Owner<I> {
  started(incarnation: I): void
  /** It has begun to end. */
  draining(incarnation: I): void
  stopped(incarnation: I, stopped: Stopped): void
}

/** What all incarnations of a system share. */
export interface World {
  readonly env: Env
  readonly facts: Feed<Fact>
  readonly logic: ReturnType<typeof memoizedLifecycle>
  readonly tap: GuardedTap
  /** Those that were given up and of which something still runs. */
  readonly tearing: Set<Teardown>
  /** Called when the children of the supervisor at `address` begin to be stopped because a start failed. */
  onEnding(address: string): void
  /** Called when the supervisor at `address` has drained the edges below it, as the first part of its stop. */
  onEdgesDrained(address: string): void
  /** Whether the whole system has begun to end: nothing starts any more. */
  isStopping(): boolean
  /** Calls `fn` once the whole system has started for the first time. */
  whenStarted(fn: () => void): void
  /** Calls `fn` when it begins to; returns what forgets that wish. */
  whenStopping(fn: () => void): () => void
}

/** What an incarnation is made of. */
export interface Birth<I> {
  readonly world: World
  readonly address: string
  readonly number: number
  readonly parent: AnyActorRef | undefined
  readonly owner: Owner<I>
  /** What its owner knows it by. */
  readonly seat?: unknown
  /** The one before it in the same place: its teardown is over before this one starts. */
  readonly previous: I | undefined
  /** How long it may take to close when nobody asked it to stop, in milliseconds. */
  readonly closeMs: number
  /** How long a killed one may take before it counts as abandoned, in milliseconds. */
  readonly patienceMs: number
  /** Whether it keeps its deadline itself; a supervisor's children keep theirs, which lie within. */
  readonly isTimed: boolean
}
