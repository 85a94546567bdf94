// A lean actor is XState's actor to everybody who deals with it.

import { describe, expect, test } from 'vitest'
import { type Actor, createActor, type InspectionEvent } from 'xstate'
import { LeanActor } from '../../src/kernel/lean-actor.js'
import { EVENTS, LastEvent, memoizedLifecycle } from '../../src/kernel/memoize.js'
import { SHUTDOWN } from '../../src/protocol/exit.js'

const LIFE = [EVENTS.started, EVENTS.stop, EVENTS.settled, new LastEvent('closed', SHUTDOWN)] as const

type AnyActor = Actor<ReturnType<typeof memoizedLifecycle>>

function live(actor: AnyActor): void {
  actor.start()
  for (const event of LIFE) actor.send(event)
}

function heardFrom(actor: AnyActor): unknown[] {
  const heard: unknown[] = []
  actor.subscribe({ next: ({ value }) => heard.push(value), complete: () => heard.push('complete') })
  return heard
}

describe('a lean actor', () => {
  test('tells its subscribers what XState tells them, and nobody else', () => {
    const logic = memoizedLifecycle({ active: false })
    const lean = new LeanActor(logic, { id: 'lean' })
    const bystander = new LeanActor(logic, { id: 'bystander' })
    const plain = createActor(logic, { id: 'plain' })
    const [heard, others, expected] = [heardFrom(lean), heardFrom(bystander), heardFrom(plain)]
    live(lean)
    live(plain)
    expect(heard).toEqual(expected)
    expect(heard).toContain('complete')
    expect(others).toEqual([])
    expect(lean.getSnapshot()).toEqual(plain.getSnapshot())
  })

  test('forgets one that has unsubscribed', () => {
    const lean = new LeanActor(memoizedLifecycle({ active: false }), { id: 'lean' })
    const heard: unknown[] = []
    lean.subscribe(({ value }) => heard.push(value)).unsubscribe()
    live(lean)
    expect(heard).toEqual([])
  })

  test.each([true, false])('shows inspectors what the actor that XState makes shows; tapped from the first: %s', (isTappedFromTheFirst) => {
    const tap = { active: false }
    const logic = memoizedLifecycle(tap)
    const shown = (make: (inspect: (event: InspectionEvent) => void) => AnyActor): string[] => {
      const types: string[] = []
      tap.active = isTappedFromTheFirst
      const actor = make((event) => types.push(event.type === '@xstate.action' ? `${event.type} ${event.action.type}` : event.type))
      actor.start()
      actor.send(EVENTS.started)
      tap.active = true
      for (const event of LIFE.slice(1)) actor.send(event)
      return types
    }
    const lean = shown((inspect) => new LeanActor(logic, { id: 'a', inspect }))
    expect(lean).toEqual(shown((inspect) => createActor(logic, { id: 'a', inspect })))
    expect(lean).toEqual(expect.arrayContaining(['@xstate.action refuse', '@xstate.microstep']))
  })

  test('can be told to stop by XState, which ends it without a word of ours', () => {
    const lean = new LeanActor(memoizedLifecycle({ active: false }), { id: 'lean' })
    lean.start()
    lean.stop()
    expect(lean.getSnapshot().status).toBe('stopped')
  })
})
