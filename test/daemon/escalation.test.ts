// What a signal means.
import { expect, test } from 'vitest'
import { Escalation, SAME_WITHIN_MS } from '../../src/policy/escalation.js'

test('stop, hurry, exit; copies of each are the same request', () => {
  const escalation = new Escalation()
  const meanings = [0, 1, 499, 500, 999, 1_000, 5_000].map((now) => escalation.take(now, true))
  expect(meanings).toEqual(['stop', 'same', 'same', 'hurry', 'same', 'exit', 'exit'])
  expect(SAME_WITHIN_MS).toBe(500)
})

test('copies are measured from the one that was taken: a stream of signals hurries twice a second, not never', () => {
  const escalation = new Escalation()
  const meanings = Array.from({ length: 101 }, (_, index) => escalation.take(index * 10, true))
  expect(meanings.filter((meaning) => meaning !== 'same')).toEqual(['stop', 'hurry', 'exit'])
})

test('a request that does not escalate stops, and never more; a signal after it is a second request', () => {
  const escalation = new Escalation()
  expect(escalation.take(0, false)).toBe('stop')
  expect(escalation.take(9_000, false)).toBe('same')
  expect(escalation.take(9_001, true)).toBe('hurry')
})
