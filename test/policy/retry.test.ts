// Whether to ask once more: only what was refused, never sooner than told, never beyond the time.
import { describe, expect, test } from 'vitest'
import { AskTimeoutError, AtCapacityError, DrainingError, NotReadyError, TargetExitedError } from '../../src/base/errors.js'
import { type RetryPlan, retryDelay, wasRefused } from '../../src/policy/retry.js'

const plan: RetryPlan = { attempts: 3, initialMs: 100, factor: 2, maxMs: 150, jitter: 0.5, when: wasRefused }
const notReady = new NotReadyError('shop/db', 'starting')

describe('the delay before the next attempt', () => {
  test.each([
    ['grows', { error: notReady, number: 1, leftMs: 1_000 }, 0, 100],
    ['is capped', { error: notReady, number: 2, leftMs: 1_000 }, 0, 150],
    ['is left to chance in part', { error: notReady, number: 1, leftMs: 1_000 }, 0.5, 75],
    ['is never shorter than the target asked for', { error: new AtCapacityError('shop/db', 1, 400), number: 1, leftMs: 1_000 }, 0.9, 400],
  ])('%s', (_name, failed, chance, ms) => expect(retryDelay(plan, failed, chance)).toBe(ms))

  test.each([
    ['the attempts are used up', { error: notReady, number: 3, leftMs: 1_000 }],
    ['it does not fit the time that is left', { error: notReady, number: 1, leftMs: 100 }],
    ['what the target asked for does not fit', { error: new AtCapacityError('shop/db', 1, 400), number: 1, leftMs: 400 }],
    ['the target drains', { error: new DrainingError('shop/db'), number: 1, leftMs: 1_000 }],
    ['the request was begun', { error: new TargetExitedError('shop/db', 'read', undefined), number: 1, leftMs: 1_000 }],
    ['it was answered with an error', { error: new Error('no such row'), number: 1, leftMs: 1_000 }],
    ['it took too long', { error: new AskTimeoutError('shop/db', 'read', 100), number: 1, leftMs: 1_000 }],
  ])('there is none when %s', (_name, failed) => expect(retryDelay(plan, failed, 0)).toBeUndefined())

  test('there is none while the target drains, whatever the asker wants', () => {
    expect(retryDelay({ ...plan, when: () => true }, { error: new DrainingError('shop/db'), number: 1, leftMs: 1_000 }, 0)).toBeUndefined()
  })
})
