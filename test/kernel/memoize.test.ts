// The memoized lifecycle is the machine: the same in every state for every event, in both builds of XState, also under inspection.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Actor, createActor, type InspectionEvent, initialTransition, transition } from 'xstate'
import { type LifecycleEvent, lifecycle } from '../../src/kernel/lifecycle.js'
import {
  EVENTS,
  INITIAL,
  INITIAL_EFFECTS,
  LastEvent,
  type LifecycleSnapshot,
  memoizedLifecycle,
  type Status,
  type Tap,
} from '../../src/kernel/memoize.js'
import { crash } from '../../src/protocol/exit.js'

const exit = crash(new Error('boom'))
const OURS: readonly LifecycleEvent[] = [
  ...Object.values(EVENTS),
  ...(['failed', 'expired', 'kill', 'closed'] as const).map((type) => new LastEvent(type, exit) as LifecycleEvent),
]
const TYPES = OURS.map(({ type }) => type)
const UNKNOWN = ['xstate.done.actor.x#1', 'xstate.after.1.service', 'toString', '__proto__', 'stopped', '']
const WAYS: Record<Exclude<Status, 'stopped'>, readonly (keyof typeof EVENTS)[]> = {
  starting: [],
  ready: ['started'],
  cancelling: ['stop'],
  settling: ['started', 'stop'],
  closing: ['started', 'ended'],
}
const STATES = Object.keys(WAYS) as (keyof typeof WAYS)[]

// What an actor would hand to its logic; both kinds of logic ask little of it.
const scope = {
  actionExecutor: () => {},
  defer: () => {},
  emit: () => {},
  stopChild: () => {},
  system: { _sendInspectionEvent: () => {} },
} as never
const tap: Tap = { active: false }
const logic = memoizedLifecycle(tap)

const take = (snapshot: LifecycleSnapshot, event: unknown): LifecycleSnapshot => logic.transition(snapshot, event as never, scope)

function at(state: keyof typeof WAYS): { ours: LifecycleSnapshot; real: LifecycleSnapshot } {
  let ours = logic.getInitialSnapshot(scope, undefined)
  let [real] = initialTransition(lifecycle)
  for (const type of WAYS[state]) {
    ours = take(ours, EVENTS[type])
    ;[real] = transition(lifecycle, real, EVENTS[type])
  }
  return { ours, real }
}

function shape(snapshot: LifecycleSnapshot): object {
  const { status, value, output, error, context, tags, children, historyValue } = snapshot
  return {
    status,
    value,
    output,
    error,
    context,
    tags: [...tags].sort(),
    children,
    historyValue,
    can: canOf(snapshot),
    own: Object.keys(snapshot).sort(),
  }
}

function canOf(snapshot: LifecycleSnapshot): boolean[] {
  return [...OURS, ...UNKNOWN.map((type) => ({ type }) as never)].map((event) => snapshot.can(event))
}

describe('state by state, event by event', () => {
  test('the beginning', () => {
    const [real, actions] = initialTransition(lifecycle)
    expect(shape(INITIAL.snapshot)).toEqual(shape(real))
    expect(INITIAL_EFFECTS).toEqual(actions.map(({ type }) => type))
  })

  const pairs = STATES.flatMap((state) => OURS.map((event) => [state, event.type, event] as const))
  test.each(pairs)('%s + %s', (state, _type, event) => {
    const { ours, real } = at(state)
    const [next, actions] = transition(lifecycle, real, event)
    const taken = take(ours, event)
    expect(shape(taken)).toEqual(shape(next))
    const step = stepOf(state, event.type)
    expect([...(step?.before ?? []), ...(step?.after ?? [])]).toEqual(actions.map(({ type }) => type))
    expect(step?.next.name).toBe(step === undefined ? undefined : nameOf(taken))
    if (step === undefined) expect(taken).toBe(ours)
  })

  const strange = STATES.flatMap((state) => UNKNOWN.map((type) => [state, type] as const))
  test.each(strange)('%s + a stranger, "%s"', (state, type) => {
    const { ours, real } = at(state)
    const [next, actions] = transition(lifecycle, real, { type } as never)
    expect(shape(take(ours, { type }))).toEqual(shape(next))
    expect(take(ours, { type })).toBe(ours)
    expect(actions).toEqual([])
  })

  // The machine would become an error, or throw; a stranger cannot bring an incarnation down.
  test.each(STATES)('%s + what would break the machine: not taken', (state) => {
    const { ours, real } = at(state)
    const failure = { type: 'xstate.error.actor.x#1', error: new Error('from below') }
    expect(transition(lifecycle, real, failure as never)[0].status).toBe('error')
    for (const active of [false, true]) {
      const either = memoizedLifecycle({ active })
      expect(either.transition(ours, failure as never, scope)).toBe(ours)
      expect(either.transition(ours, { type: '*' } as never, scope)).toBe(ours)
    }
  })

  test.each(STATES.flatMap((state) => TYPES.map((type) => [state, type] as const)))('%s + a look-alike of %s: not taken', (state, type) => {
    const { ours } = at(state)
    expect(take(ours, { type, exit })).toBe(ours)
    expect(take(ours, Object.freeze({ type }))).toBe(ours)
  })

  test.each(STATES)('%s + xstate.stop', (state) => {
    const { ours, real } = at(state)
    const [next] = transition(lifecycle, real, { type: 'xstate.stop' } as never)
    expect(next.status).toBe('stopped')
    expect(shape(take(ours, { type: 'xstate.stop' }))).toEqual(shape(next))
  })
})

function stepOf(state: keyof typeof WAYS, type: LifecycleEvent['type']) {
  let current = INITIAL
  for (const way of WAYS[state]) current = current.steps[way]?.next ?? expect.unreachable()
  expect(current.name).toBe(state)
  return current.steps[type]
}

function nameOf({ value }: LifecycleSnapshot): Status {
  return (typeof value === 'string' ? value : value.draining) as Status
}

describe('the table', () => {
  test('does not grow: the same few snapshots after 10 000 incarnations', () => {
    const ways: LifecycleEvent[][] = [
      [EVENTS.started, EVENTS.stop, EVENTS.settled],
      [EVENTS.started, EVENTS.crash],
      [EVENTS.stop, EVENTS.started],
      [EVENTS.started, EVENTS.stop, EVENTS.hurry],
      [EVENTS.crash],
    ]
    const seen = new Set<LifecycleSnapshot>()
    for (let count = 0; count < 10_000; count += 1) {
      let snapshot = logic.getInitialSnapshot(scope, undefined)
      seen.add(snapshot)
      take(snapshot, { type: `xstate.done.actor.x#${count}` })
      for (const event of ways[count % ways.length] ?? []) {
        snapshot = take(snapshot, event)
        seen.add(snapshot)
      }
      snapshot = take(snapshot, new LastEvent(count % 2 === 0 ? 'kill' : 'expired', exit) as LifecycleEvent)
      expect(snapshot.status).toBe('done')
    }
    expect(seen.size).toBe(STATES.length)
  })

  test('shares only what cannot be changed', () => {
    for (const state of STATES) {
      const { ours } = at(state)
      expect(Object.isFrozen(ours)).toBe(true)
      for (const part of [ours.value, ours.context, ours.children]) expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test('gives every end its own output', () => {
    const { ours } = at('ready')
    const exits = [crash(1), crash(2)]
    const ends = exits.map((each) => take(ours, new LastEvent('kill', each) as LifecycleEvent))
    expect(ends.map((end) => end.output)).toEqual(exits)
    expect(ends[0]).not.toBe(ends[1])
    expect(ends.every((end) => Object.isFrozen(end))).toBe(true)
  })
})

describe('as an actor', () => {
  const warn = vi.spyOn(console, 'warn')
  beforeEach(() => void warn.mockClear())
  afterEach(() => expect(warn).not.toHaveBeenCalled())

  const LIFE: readonly LifecycleEvent[] = [EVENTS.started, EVENTS.stop, EVENTS.hurry, new LastEvent('closed', exit) as LifecycleEvent]
  /** What an inspector sees of one life, without what differs by nature: references and ids. */
  function inspected(make: (inspect: (event: InspectionEvent) => void) => Actor<never>, events: readonly LifecycleEvent[]): unknown[] {
    const seen: unknown[] = []
    const actor = make((event) => {
      const details = event as {
        snapshot?: LifecycleSnapshot
        action?: { type: string }
        event?: { type: string }
        _transitions?: { eventType: string }[]
      }
      seen.push({
        type: event.type,
        value: details.snapshot?.value,
        status: details.snapshot?.status,
        action: details.action?.type,
        event: details.event?.type,
        transitions: details._transitions?.map(({ eventType }) => eventType),
      })
    })
    actor.start()
    for (const event of events) actor.send(event as never)
    return seen
  }

  const real = (inspect: (event: InspectionEvent) => void) => createActor(lifecycle, { id: 'x', inspect }) as unknown as Actor<never>
  const memoized = (active: boolean) => (inspect: (event: InspectionEvent) => void) =>
    createActor(memoizedLifecycle({ active }), { id: 'x', inspect }) as unknown as Actor<never>

  test('while somebody taps, an inspector sees what the machine would show', () => {
    const expected = inspected(real, LIFE)
    expect(inspected(memoized(true), LIFE)).toEqual(expected)
    const types = new Set(expected.map((event) => (event as InspectionEvent).type))
    expect(types).toContain('@xstate.action')
    expect(types).toContain('@xstate.microstep')
  })

  test.each(STATES)('%s, tapped, for every event', (state) => {
    for (const event of OURS) {
      const events = [...WAYS[state].map((type) => EVENTS[type]), event]
      expect(inspected(memoized(true), events)).toEqual(inspected(real, events))
    }
  })

  test.each(['started', 'xstate.done.actor.x#1', 'nobody knows it', '*'])(
    'a stranger, "%s", is seen to come, and to change nothing',
    (type) => {
      const seen = inspected(memoized(true), [{ type } as never]) as { type: string; value: unknown; event: string | undefined }[]
      const after = seen.slice(seen.findIndex(({ event }) => event === type))
      expect(after.map((event) => [event.type, event.value])).toEqual([
        ['@xstate.event', undefined],
        ['@xstate.snapshot', 'starting'],
      ])
    },
  )

  test('while nobody taps, no step is computed twice', () => {
    const spy = vi.spyOn(lifecycle, 'transition')
    inspected(memoized(false), LIFE)
    expect(spy).not.toHaveBeenCalled()
    inspected(memoized(true), LIFE)
    expect(spy).toHaveBeenCalledTimes(LIFE.length)
    spy.mockRestore()
  })

  test('a root that is stopped is stopped, once, with no more than the machine would show', () => {
    const stopped = (make: typeof real): unknown[] => {
      const seen: unknown[] = []
      const actor = make((event) => void seen.push(event.type))
      actor.start()
      actor.stop()
      return seen
    }
    expect(stopped(memoized(true))).toEqual(stopped(real))
  })
})
