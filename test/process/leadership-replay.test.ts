// The replay of a ledger finds what must not be: each violation is planted once.
import { expect, test } from 'vitest'
import { type Answered, FencedLedger, replay } from '../campaign/ledger.js'

const seal = (term: number, writer: string, more: Partial<Answered> = {}): Answered => ({
  what: 'seal',
  term,
  writer,
  isAccepted: true,
  ...more,
})
const write = (term: number, writer: string, value: number, isAccepted = true): Answered => ({
  what: 'write',
  term,
  writer,
  value,
  isAccepted,
})

test('what is as it should be', () => {
  const history = [
    seal(1, 'a'),
    write(1, 'a', 1),
    seal(2, 'b'),
    write(1, 'a', 2, false),
    write(2, 'b', 2),
    seal(3, 'a', { isAfterStepDown: true }),
  ]
  expect(replay(history)).toEqual({ terms: 3, writes: 2, handedOver: 1, staleRefused: 1, violations: [] })
})

test.each([
  ['a term of two writers', [seal(1, 'a'), seal(1, 'b')], "the term is a's"],
  ['a term that goes back', [seal(2, 'a'), seal(1, 'b')], 'accepted after term 2 was sealed'],
  ['a stale write', [seal(1, 'a'), seal(2, 'b'), write(1, 'a', 1)], 'accepted after term 2 was sealed'],
  ['a write that was lost', [seal(1, 'a'), write(1, 'a', 1), write(1, 'a', 3)], 'it writes 3 after 1'],
  ['a write that was doubled', [seal(1, 'a'), write(1, 'a', 1), write(1, 'a', 1)], 'it writes 1 after 1'],
  [
    'an attempt after the step-down, though it was refused',
    [seal(1, 'a'), seal(2, 'b', { isAfterStepDown: true }), write(1, 'a', 1, false)],
    'it had stepped down',
  ],
])('%s is found', (_what, history, why) => {
  expect(replay(history).violations.join()).toContain(why)
})

test('a wait for a write that does not come ends', async () => {
  await expect(new FencedLedger().nextWrite('at all', () => true, 1)).rejects.toThrow('nobody wrote within 1 ms at all')
})
