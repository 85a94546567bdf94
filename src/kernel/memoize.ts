// The lifecycle machine, computed by XState once per (state, event) and looked up from then on.
// Equal to the machine in value, status, output, tags, effects and `can()`: test/kernel/memoize.test.ts holds it to that.
import { type ActorLogic, initialTransition, type SnapshotFrom, transition } from 'xstate'
import type { Exit } from '../protocol/exit.js'
import { type Effect, type LifecycleEvent, lifecycle } from './lifecycle.js'

/** A snapshot of the lifecycle machine; those that are not final are shared and frozen. */
export type LifecycleSnapshot = SnapshotFrom<typeof lifecycle>

/** What a (state, event) leads to. */
export interface Step {
  readonly next: State
  /** Performed before the machine has moved: what lets go of the past. */
  readonly before: readonly Effect[]
  /** Performed after it: what begins. */
  readonly after: readonly Effect[]
}

/** One state of the lifecycle. */
export interface State {
  readonly name: Status
  readonly snapshot: LifecycleSnapshot
  readonly steps: Partial<Record<LifecycleEvent['type'], Step | undefined>>
}

/** The states by name; those below `draining` without their parent's. */
export type Status = 'starting' | 'ready' | 'cancelling' | 'settling' | 'closing' | 'stopped'

/** The names of the events that may be the last. */
export type LastType = 'failed' | 'expired' | 'kill' | 'closed'

/** An event that may be the last: it carries the exit. Only instances made here are taken. */
export class LastEvent<Type extends LastType> {
  readonly type: Type
  readonly exit: Exit

  constructor(type: Type, exit: Exit) {
    this.type = type
    this.exit = exit
  }
}

/** The events that carry nothing: only these very objects are taken. */
export const EVENTS = Object.freeze({
  started: Object.freeze({ type: 'started' }),
  stop: Object.freeze({ type: 'stop' }),
  crash: Object.freeze({ type: 'crash' }),
  ended: Object.freeze({ type: 'ended' }),
  settled: Object.freeze({ type: 'settled' }),
  hurry: Object.freeze({ type: 'hurry' }),
}) satisfies { readonly [Type in string]: { readonly type: Type } }

const OURS = new Set<unknown>(Object.values(EVENTS))
const SAMPLE_EXIT: Exit = Object.freeze({ reason: 'normal' })
const ALPHABET: readonly LifecycleEvent[] = [
  ...Object.values(EVENTS),
  ...(['failed', 'expired', 'kill', 'closed'] as const).map((type) => ({ type, exit: SAMPLE_EXIT })),
]
const LETS_GO: ReadonlySet<Effect> = new Set<Effect>(['abort', 'letGo'])

const states = new Map<string, State>()
const bySnapshot = new Map<LifecycleSnapshot, State>()

const [first, firstActions] = initialTransition(lifecycle)
/** The state in which every incarnation begins, and what it does on entry. */
export const INITIAL: State = stateOf(first)
export const INITIAL_EFFECTS: readonly Effect[] = effectNames(firstActions)

function stateOf(snapshot: LifecycleSnapshot): State {
  const key = JSON.stringify([snapshot.status, snapshot.value])
  const known = states.get(key)
  if (known !== undefined) return known
  const { value } = snapshot
  const state: State = {
    name: (typeof value === 'string' ? value : value.draining) as Status,
    snapshot: freeze(snapshot),
    steps: {},
  }
  states.set(key, state)
  bySnapshot.set(snapshot, state)
  if (snapshot.status === 'active') for (const event of ALPHABET) state.steps[event.type] = stepOf(snapshot, event)
  return state
}

function stepOf(snapshot: LifecycleSnapshot, event: LifecycleEvent): Step | undefined {
  const [next, actions] = transition(lifecycle, snapshot, event)
  if (next.value === snapshot.value && actions.length === 0) return undefined
  const effects = effectNames(actions)
  return {
    next: stateOf(next),
    before: effects.filter((effect) => LETS_GO.has(effect)),
    after: effects.filter((effect) => !LETS_GO.has(effect)),
  }
}

// What hangs on a snapshot is shared with it. Its tags, a set, cannot be frozen; nobody but XState is given them.
function freeze(snapshot: LifecycleSnapshot): LifecycleSnapshot {
  for (const part of [snapshot.value, snapshot.context, snapshot.children, snapshot.historyValue]) Object.freeze(part)
  return Object.freeze(snapshot)
}

function effectNames(actions: readonly { readonly type: string }[]): Effect[] {
  return actions.map((action) => action.type as Effect)
}

/** Whether somebody watches the actors of a system. */
export interface Tap {
  active: boolean
}

type LifecycleLogic = ActorLogic<LifecycleSnapshot, LifecycleEvent>
type Scope = Parameters<typeof lifecycle.transition>[2]

/** The lifecycle as actor logic. While `tap.active`, XState computes every step as well, so that inspectors see actions and microsteps. */
export function memoizedLifecycle(tap: Tap): LifecycleLogic {
  const logic: Partial<LifecycleLogic> = {
    getInitialSnapshot(scope) {
      if (tap.active) lifecycle.getInitialSnapshot(scope as Parameters<typeof lifecycle.getInitialSnapshot>[0])
      return INITIAL.snapshot
    },
    start: () => {},
    transition(snapshot, event, scope) {
      const { type } = event as { readonly type: string }
      if (type === 'xstate.stop') return lifecycle.transition(snapshot, event, scope as Scope)
      // A stranger's event is not taken, whatever it is called, and not shown as a step: some would make an error of the machine.
      if (!OURS.has(event) && !(event instanceof LastEvent)) return snapshot
      if (tap.active) lifecycle.transition(snapshot, event, scope as Scope)
      const step = bySnapshot.get(snapshot)?.steps[type as LifecycleEvent['type']]
      if (step === undefined) return snapshot
      if (step.next.name !== 'stopped') return step.next.snapshot
      return Object.freeze({ ...step.next.snapshot, output: (event as { readonly exit?: Exit }).exit }) as LifecycleSnapshot
    },
  }
  // Inspectors find the machine's definition behind the logic.
  return Object.assign(Object.create(lifecycle) as LifecycleLogic, logic, { tap })
}
