// The ways through a user's machine, by `xstate/graph`: the shortest one to each state in which its actor can come to rest. And a walker,
// which takes an actor along such a way, one event after the other, without letting anything else happen in between.
import type { AnyActorLogic, AnyActorRef, AnyStateMachine, EventObject, SnapshotFrom } from 'xstate'
import { getShortestPaths } from 'xstate/graph'
import { describe } from '../base/errors.js'

export type { AnyStateMachine }

/** One way: the events, and the states to which they lead. */
export interface Way {
  /** The state at its end, as `open`, `open.packing` or `open.packing + paid.no`. */
  readonly state: string
  /** The snapshots on the way; the first is the initial one. */
  readonly snapshots: readonly SnapshotFrom<AnyStateMachine>[]
  /** What leads from each to the next. */
  readonly events: readonly EventObject[]
}

/** How ways are looked for. */
export interface WayOptions {
  readonly input: unknown
  /** Events with fields. Those of other types are tried without. */
  readonly events: readonly EventObject[]
  /** Types of events that lead nowhere. */
  readonly without: readonly string[]
  /** Tells states apart beyond their names. */
  readonly distinguish: (snapshot: SnapshotFrom<AnyActorLogic>) => unknown
  /** How many steps to try at most. */
  readonly limit: number
}

/** Whether logic is a machine. */
export function isMachine(logic: AnyActorLogic): logic is AnyStateMachine {
  return 'getStateNodeById' in logic
}

// Raised by machines themselves in the middle of a step, or not an event of one type.
const NOT_FROM_OUTSIDE = /^xstate\.(done\.state|snapshot|init|stop)\b|\*$/

/** The shortest way to each state. @throws TypeError when an event cannot be tried as it is, RangeError when there are too many states. */
export function waysThrough(machine: AnyStateMachine, { input, events, without, distinguish, limit }: WayOptions): Way[] {
  let tries = 0
  const tried = Object.create(machine, {
    transition: {
      value: (snapshot: SnapshotFrom<AnyStateMachine>, event: EventObject, scope: Parameters<AnyStateMachine['transition']>[2]) => {
        tries += 1
        if (tries > limit) throw new RangeError(`more than ${limit} steps through "${machine.id}"; raise \`limit\`, or distinguish less`)
        return attempt(() => machine.transition(snapshot, event, scope), event, snapshot)
      },
    },
  }) as AnyStateMachine
  const paths = getShortestPaths(tried, {
    input,
    // An array here would stand for all events there are.
    events: (snapshot) => {
      const types = new Set(snapshot._nodes.flatMap(({ ownEvents }) => ownEvents as string[]))
      const tried = [...types].filter((type) => !NOT_FROM_OUTSIDE.test(type) && !without.includes(type))
      return tried.flatMap((type) => {
        const given = events.filter((event) => event.type === type)
        return given.length === 0 ? [{ type }] : given
      })
    },
    serializeState: (snapshot) => JSON.stringify([snapshot.status, snapshot.value, distinguish(snapshot)]),
  })
  return paths.map(({ state, steps }) => ({
    state: nameOf(state),
    snapshots: steps.map((step) => step.state),
    events: steps.slice(1).map(({ event }) => event),
  }))
}

function attempt<T>(step: () => T, event: EventObject, snapshot: SnapshotFrom<AnyStateMachine>): T {
  try {
    return step()
  } catch (error) {
    const hint = 'give the event with its fields in `events`'
    throw new TypeError(`"${event.type}" in "${nameOf(snapshot)}" failed: ${describe(error)}; ${hint}`, { cause: error })
  }
}

/** The name of a state, from its value. */
export function nameOf({ value }: { readonly value: unknown }): string {
  return leavesOf(value).join(' + ')
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Object.entries(value as object).flatMap(([key, inner]) => {
    const leaves = leavesOf(inner)
    return leaves.length === 0 ? [key] : leaves.map((leaf) => `${key}.${leaf}`)
  })
}

/** Takes one actor along a way. */
export class Walker {
  /** The same machine; its actor is the one that is walked. */
  readonly logic: AnyStateMachine
  #actor: AnyActorRef | undefined

  constructor(machine: AnyStateMachine) {
    const getInitialSnapshot: AnyStateMachine['getInitialSnapshot'] = (scope, input) => {
      this.#actor = scope.self
      return machine.getInitialSnapshot.call(this.logic, scope, input)
    }
    this.logic = Object.create(machine, { getInitialSnapshot: { value: getInitialSnapshot } }) as AnyStateMachine
  }

  /** Where it is now. */
  get snapshot(): SnapshotFrom<AnyStateMachine> {
    return this.#actor?.getSnapshot() as SnapshotFrom<AnyStateMachine>
  }

  /** From one of the snapshots on the way to another, by their numbers. @throws Error when it goes another way. */
  walk({ events, snapshots }: Way, from: number, to: number): void {
    this.#check(from === 0 ? 'at its start' : 'when it had become ready', snapshots[from])
    events.slice(from, to).forEach((event, index) => {
      // Also the end of an invoked actor, or of a delay, is an event: nobody has to wait for it.
      this.#actor?.send(event)
      this.#check(`on "${event.type}"`, snapshots[from + index + 1])
    })
  }

  #check(when: string, expected: SnapshotFrom<AnyStateMachine> | undefined): void {
    const [is, ought] = [nameOf(this.snapshot), expected === undefined ? '' : nameOf(expected)]
    if (is !== ought) throw new Error(`${when} it came to "${is}", not to "${ought}" as its definition says: what it invokes is faster`)
  }
}
