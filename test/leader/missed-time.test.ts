// Time that a leader has missed. An event loop that is blocked: what makes the term be over is that a renewal comes late by more than the
// time to abort, not the block. Other clocks that run ahead: by more than half a second.
import { expect, test } from 'vitest'
import { Election } from './rig.ts'

// T is 3 s, and up to 600 ms more by chance; A is 3 s.
const [A, LONGEST_T] = [3_000, 3_600]

/** A leader that has just renewed, by itself in its election. */
async function renewed() {
  const election = new Election()
  const one = await election.join('one')
  let renewals = 0
  const renew = election.lease.renew.bind(election.lease)
  election.lease.renew = (...all) => {
    renewals += 1
    return renew(...all)
  }
  while (renewals === 0) await election.time.advance(1)
  return { election, ...one }
}

test('for longer than that between two renewals: nobody notices', async () => {
  const { election, handle, told } = await renewed()
  const { term } = handle.get()
  election.time.block(A + 2_990)
  expect(() => term.assert()).not.toThrow()
  await election.time.advance(10_000)
  expect([handle.term, told]).toEqual([1n, ['promoting 1', 'promoted 1']])
})

test('until a renewal is later than that: whoever asks first finds the term over, though its validity is not', async () => {
  const { election, handle, told } = await renewed()
  const { term } = handle.get()
  expect(term.remainingMs()).toBeGreaterThan(A + LONGEST_T + 5_000)
  election.time.block(A + LONGEST_T)
  expect(() => term.assert()).toThrow('one/jobs must not act in term 1: it is over.')
  await election.time.settle()
  expect(told).toEqual(['promoting 1', 'promoted 1', 'lease-lost 1'])
})

test('other clocks that run ahead by half a second say nothing, by more that time has passed uncounted', async () => {
  const { election, handle, told } = await renewed()
  const { term } = handle.get()
  election.time.ahead += 500
  expect(() => term.assert()).not.toThrow()
  election.time.ahead += 501
  expect(() => term.assert()).toThrow('it is over')
  await election.time.settle()
  expect(told.at(-1)).toBe('lease-lost 1')
})
