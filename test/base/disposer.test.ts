// Releases: last in first out, each once, whatever they do.
import { describe, expect, test } from 'vitest'
import { Disposer, isPromiseLike } from '../../src/base/disposer.js'

const boom = new Error('boom')

function disposer(): { calls: string[]; errors: unknown[]; own: Disposer } {
  const calls: string[] = []
  const errors: unknown[] = []
  return { calls, errors, own: new Disposer((error) => errors.push(error)) }
}

describe('a disposer', () => {
  test('runs synchronous releases in the same turn, last first, and makes no promise', () => {
    const { calls, own } = disposer()
    for (const name of ['a', 'b', 'c']) own.add(() => calls.push(name))
    expect(own.run()).toBeUndefined()
    expect(calls).toEqual(['c', 'b', 'a'])
    expect(own.run()).toBeUndefined()
    expect(calls).toHaveLength(3)
  })

  test('waits for each before the next, and collects errors', async () => {
    const { calls, errors, own } = disposer()
    own.add(() => calls.push('a'))
    own.add(() => Promise.reject(boom))
    own.add(() => {
      throw undefined
    })
    own.add(async () => {
      await null
      calls.push('d')
    })
    await own.run()
    expect(calls).toEqual(['d', 'a'])
    expect(errors).toEqual([undefined, boom])
  })

  test('what comes after it has run is released at once, errors too', async () => {
    const { calls, errors, own } = disposer()
    own.run()
    own.add(() => calls.push('late'))
    own.add(() => Promise.reject(boom))
    expect(calls).toEqual(['late'])
    await Promise.resolve().then(() => {})
    expect(errors).toEqual([boom])
  })

  test('at once: what was not run yet, without waiting, and not again', async () => {
    const { calls, own } = disposer()
    own.add(() => calls.push('a'))
    own.add(() => {
      calls.push('b')
      return new Promise(() => {})
    })
    own.add(() => {
      calls.push('c')
      return new Promise(() => {})
    })
    void own.run()
    expect(calls).toEqual(['c'])
    own.runAtOnce()
    own.runAtOnce()
    expect(calls).toEqual(['c', 'b', 'a'])
  })
})

test('what can be waited for', () => {
  const then = 'then'
  const callable = Object.assign(() => {}, { [then]: () => {} })
  expect([Promise.resolve(), callable].map(isPromiseLike)).toEqual([true, true])
  expect([null, undefined, 1, 'then', {}, { [then]: 1 }, () => {}].map(isPromiseLike)).toEqual(Array.from({ length: 7 }, () => false))
})
