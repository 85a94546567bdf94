// The observers of one daemon as one: whatever one of them does, the daemon and the others go on.
import { expect, test } from 'vitest'
import { Observers } from '../../src/daemon/observers.js'
import type { Attachment, Observed } from '../../src/observe/observer.js'
import { keptLog } from '../observe/kept-log.js'

function observersOf(...attachments: readonly Attachment[]): { readonly observers: Observers; readonly messages: () => string[] } {
  const { log, messages } = keptLog()
  const observers = attachments.map((attachment, index) => ({ name: `o${index}`, attach: () => attachment }))
  return { observers: new Observers(observers, { log } as unknown as Observed), messages }
}

test('hooks run in the contexts of all that have one for them, the first outermost; what a hook throws is the hook’s', () => {
  const steps: string[] = []
  const around = (name: string): Attachment => ({
    inside: (address) =>
      address === 'app/db'
        ? (fn) => {
            steps.push(`${name} in`)
            try {
              return fn()
            } finally {
              steps.push(`${name} out`)
            }
          }
        : undefined,
  })
  const broken: Attachment = {
    inside: () => {
      throw new Error('oops')
    },
  }
  const { observers, messages } = observersOf(around('a'), {}, broken, around('b'))
  const inside = observers.inside?.('app/db')
  expect(inside?.(() => steps.push('hook'))).toBe(3)
  expect(steps).toEqual(['a in', 'b in', 'hook', 'b out', 'a out'])
  expect(() =>
    inside?.(() => {
      throw new Error('mine')
    }),
  ).toThrow('mine')
  expect(messages()).toEqual(['inside of the observer o2 threw; the daemon goes on without it'])
  expect(observers.inside?.('app/other')).toBeUndefined()
})

test('when none has a context, there is nothing to ask', () => {
  expect(observersOf({}, {}).observers.inside).toBeUndefined()
})

test('one that is left behind is told of once, also when it fails afterwards', async () => {
  let fail: (error: Error) => void = () => {}
  const slow: Attachment = {
    flush: () =>
      new Promise((_, reject) => {
        fail = reject
      }),
  }
  const { observers, messages } = observersOf(slow)
  expect(await observers.flush(1)).toBe(false)
  fail(new Error('too late'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(messages()).toEqual(['flush of o0 was not over within 1 ms'])
})

test('one that fails in time is told of with its error', async () => {
  const { observers, messages } = observersOf({ flush: () => Promise.reject(new Error('gone')) }, { flush: () => undefined })
  expect(await observers.flush(60_000)).toBe(false)
  expect(messages()).toEqual(['flush of o0 failed'])
})
