// Rules that only show at their edges: whose a record is, when a request is void, whom others go before, which of two deadlines counts,
// and that nothing of one term is left for the next.
import { describe, expect, test } from 'vitest'
import { exited, heldBy, ME, NEVER, OTHER, Rig, TIMES, vacant } from './rig.ts'

const wanted = { type: 'wanted', isSo: true } as const
const stepDown = (deadlineAt: number, to?: string) => ({ type: 'stepDown', why: 'asked to', deadlineAt, to }) as const
const meantForOther = (term: bigint) => ({ ...vacant(exited(term)), handover: { to: 'other', nonce: 'n' } })

/** Has read that record, and no more. */
function observing(record = heldBy(OTHER, 1n), options: ConstructorParameters<typeof Rig>[0] = {}): Rig {
  const rig = new Rig(options)
  rig.tell({ type: 'begin' })
  rig.answer('read', record)
  return rig
}

describe('a claim', () => {
  test('is void when it is applied later, by the clock of the store, than a call may take', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    rig.now = 200
    rig.answer('read', { ...NEVER, storeNowMs: 50_000 }, { sentAt: 0 })
    expect(rig.last('acquire').claim.notAfterMs).toBe(50_000 + 200 + TIMES.storeTimeoutMs)
    expect(new Rig().claim().notAfterMs).toBeUndefined()
  })

  test('is not made of what an earlier life of the same name holds, nor is that adopted', () => {
    expect(observing(heldBy({ id: ME.id, incarnation: 'me-0' }, 1n)).done.map((command) => command.do)).toEqual(['read'])
  })

  test('waits for as long as the holder was granted, where that is longer', () => {
    const record = { ...heldBy(OTHER, 1n), leaseMs: 60_000, expiresInMs: undefined }
    const rig = observing(record, { expiry: 'observer' })
    while (rig.now < 120_000 && !rig.done.some((command) => command.do === 'acquire')) {
      rig.pass(Math.max(rig.tenure.wakeAt, rig.now))
      rig.answer('read', record)
    }
    expect(rig.now).toBeGreaterThanOrEqual(60_000 * 1.02)
    expect(rig.now).toBeLessThan(70_000)
  })

  test('waits for a read that was sent after the whole time, not for one that is answered then', () => {
    const record = { ...heldBy(OTHER, 1n), expiresInMs: undefined }
    const rig = observing(record, { expiry: 'observer' })
    rig.now = 15_000
    expect(rig.tell({ type: 'changed' })).toEqual(['read'])
    rig.now = 15_400
    expect(rig.answer('read', record, { sentAt: 15_000 })).toEqual([])
    rig.tell({ type: 'changed' })
    expect(rig.answer('read', record)).toEqual(['acquire'])
  })
})

describe('who is wanted', () => {
  test('does not let others go first', () => {
    const rig = observing(meantForOther(1n))
    expect(rig.tell(wanted)).toEqual(['read'])
    expect(rig.answer('read', meantForOther(1n))).toEqual(['acquire'])
  })

  test('does so again when that was granted and is over', () => {
    const rig = new Rig()
    rig.tell(wanted)
    rig.lead()
    rig.tell(stepDown(20_000, 'other'))
    rig.tell({ type: 'quiet' })
    rig.answer('release', meantForOther(1n))
    expect(rig.pass(2_000)).toEqual(['read'])
    expect(rig.answer('read', meantForOther(1n))).toEqual([])
  })

  test('does not stand back any longer', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell(stepDown(20_000))
    rig.tell({ type: 'quiet' })
    rig.answer('release', vacant(exited(1n)))
    expect(rig.tenure.phase).toBe('cooling')
    expect(rig.tell(wanted)).toEqual(['read'])
  })

  test('still is when its promotion fails', () => {
    const rig = new Rig({ coolDownMs: 0 })
    rig.claim()
    rig.answer('acquire', heldBy(ME, 1n))
    rig.tell(wanted)
    rig.tell({ type: 'failed', why: 'no' })
    rig.tell({ type: 'quiet' })
    rig.answer('release', meantForOther(1n))
    rig.pass(200)
    expect(rig.answer('read', meantForOther(1n))).toEqual(['acquire'])
  })

  test('asks nobody who is leaving already', () => {
    const rig = observing()
    rig.tell(wanted)
    expect(rig.answer('read', { ...heldBy(OTHER, 1n), phase: 'steppingDown' })).toEqual([])
  })
})

describe('a leader', () => {
  test('renews up to a fifth later by chance', () => {
    const rig = new Rig({ random: () => 0.5 })
    rig.lead()
    expect(rig.pass(3_299)).toEqual([])
    expect(rig.pass(3_301)).toEqual(['renew'])
  })

  test('steps down for another that wants it, and once only; for itself it need not', () => {
    const rig = new Rig()
    rig.lead()
    rig.pass(3_000)
    expect(rig.answer('renew', { ...heldBy(ME, 1n), handover: { to: ME.id, nonce: 'n1' } })).toEqual(['extend'])
    rig.pass(6_000)
    const wished = { ...heldBy(ME, 1n), handover: { to: 'other', nonce: 'n2' } }
    expect(rig.answer('renew', wished)).toEqual(['extend', 'drain'])
    rig.inFlight = 1
    rig.pass(9_000)
    expect(rig.answer('renew', wished)).toEqual(['extend'])
  })

  test('that has drained for long enough says that it is leaving, also while it cuts off the rest', () => {
    const rig = new Rig()
    rig.lead()
    rig.inFlight = 1
    rig.tell(stepDown(100))
    expect(rig.pass(100)).toEqual(['abort'])
    expect(rig.pass(3_000)).toEqual(['renew'])
    expect(rig.renewal.phase).toBe('steppingDown')
  })

  test('that is told twice to step down goes by the earlier deadline', () => {
    const rig = new Rig()
    rig.lead()
    rig.inFlight = 1
    rig.tell(stepDown(1_000))
    rig.tell(stepDown(2_000))
    expect(rig.pass(1_000)).toEqual(['abort'])
  })

  test('is hurried only in its drain', () => {
    const rig = new Rig()
    rig.lead()
    expect(rig.tell({ type: 'force' })).toEqual([])
    rig.inFlight = 1
    rig.tell(stepDown(10_000))
    expect(rig.tell({ type: 'force' })).toEqual(['abort'])
    expect(rig.tell({ type: 'force' })).toEqual([])
    expect(rig.tenure.phase).toBe('aborting')
  })

  test('whose validity is over already still gives what it aborts a moment', () => {
    const rig = new Rig()
    rig.lead()
    rig.inFlight = 1
    expect(rig.tell({ type: 'jumped', ms: 60_000 })).toEqual(['invalidate', 'abort'])
    expect(rig.pass(TIMES.guardMs - 1)).toEqual([])
    expect(rig.pass(TIMES.guardMs)).toEqual(['fence-failed', 'lost'])
  })
})

test('a promotion that is called off for somebody is given back for them', () => {
  const rig = new Rig()
  rig.claim()
  rig.answer('acquire', heldBy(ME, 1n))
  expect(rig.tell(stepDown(20_000, 'other'))).toEqual(['abort'])
  rig.tell({ type: 'quiet' })
  expect(rig.last('release')).toMatchObject({ exit: { reason: 'never-led' }, to: 'other' })
})

describe('when the whole tree stops', () => {
  const treeStops = { type: 'treeStops', deadlineAt: 1_500 } as const

  test('a promotion that still waits is called off', () => {
    const rig = new Rig()
    rig.claim()
    rig.answer('acquire', heldBy(ME, 1n))
    expect(rig.tell(treeStops)).toEqual(['abort'])
    expect(rig.tell({ type: 'quiet' })).toEqual(['conclude', 'release'])
    expect(rig.answer('release', vacant(exited(1n)))).toEqual(['stepped-down', 'end'])
  })

  test('a step of a promotion may end, and no other follows', () => {
    const rig = new Rig()
    rig.claim()
    rig.answer('acquire', heldBy(ME, 1n))
    rig.tell({ type: 'prepared', canSeal: false })
    expect(rig.tell(treeStops)).toEqual([])
    expect(rig.tell({ type: 'stepped', step: 'recovering' })).toEqual(['abort'])
    rig.tell({ type: 'quiet' })
    expect(rig.answer('release', vacant(exited(1n)))).toEqual(['stepped-down', 'end'])
  })

  test('a leader leads until its turn comes, and does not stand again when it loses the lease before', () => {
    const rig = new Rig()
    rig.lead()
    expect(rig.tell(treeStops)).toEqual([])
    rig.pass(3_000)
    expect(rig.answer('renew', heldBy(ME, 1n))).toEqual(['extend'])
    rig.tell(stepDown(20_000))
    rig.tell({ type: 'quiet' })
    expect(rig.answer('release', vacant(exited(1n)))).toEqual(['stepped-down', 'end'])
  })
})

test('a store that does not answer is asked less and less by who does not lead, and as before once it has answered', () => {
  const rig = new Rig()
  rig.tell({ type: 'begin' })
  const waits = (): number[] =>
    Array.from({ length: 6 }, () => {
      rig.tell({ type: 'unanswered', call: 'read' })
      const from = rig.now
      rig.pass(rig.tenure.wakeAt)
      return rig.now - from
    })
  expect(waits()).toEqual([187.5, 375, 750, 1_500, 1_500, 1_500])
  rig.answer('read', heldBy(OTHER, 1n))
  rig.tell({ type: 'changed' })
  expect(waits()).toEqual([187.5, 375, 750, 1_500, 1_500, 1_500])
})

test('one that does not answer is asked less and less to take a lease back, but not to renew it', () => {
  const rig = new Rig()
  rig.lead()
  const waits = (call: 'renew' | 'release'): number[] =>
    Array.from({ length: 4 }, () => {
      rig.tell({ type: 'unanswered', call })
      const from = rig.now
      rig.pass(rig.tenure.wakeAt)
      return rig.now - from
    })
  rig.pass(3_000)
  expect(waits('renew')).toEqual([187.5, 187.5, 187.5, 187.5])
  rig.answer('renew', heldBy(ME, 1n))
  rig.tell(stepDown(20_000))
  rig.tell({ type: 'quiet' })
  expect(waits('release')).toEqual([187.5, 375, 750, 1_500])
})

test('a promotion that fails at once is not tried again without a pause, though nobody asked for one', () => {
  const rig = new Rig({ coolDownMs: 0 })
  rig.claim()
  rig.answer('acquire', heldBy(ME, 1n))
  rig.tell({ type: 'failed', why: 'no' })
  rig.tell({ type: 'quiet' })
  expect(rig.answer('release', vacant(exited(1n)))).toEqual(['stepped-down'])
  expect(rig.pass(187)).toEqual([])
  expect(rig.pass(188)).toEqual(['read'])
})

test('a stop that is repeated goes by the earlier deadline', () => {
  const rig = new Rig()
  rig.claim()
  rig.tell({ type: 'stop', deadlineAt: 500 })
  rig.tell({ type: 'stop', deadlineAt: 10_000 })
  expect(rig.pass(500)).toEqual(['end'])
})

test('a process that stood still while it was being promoted does not go on with it', () => {
  const rig = new Rig()
  rig.claim()
  rig.answer('acquire', heldBy(ME, 1n))
  expect(rig.tenure.phase).toBe('barrier')
  expect(rig.tell({ type: 'late', ms: 4_000 })).toEqual(['invalidate', 'abort'])
})

describe('of a term that is over nothing is left for the next', () => {
  test('not whom it was meant for', () => {
    const rig = new Rig({ coolDownMs: 0 })
    rig.lead()
    rig.tell(stepDown(20_000, 'other'))
    rig.tell({ type: 'quiet' })
    expect(rig.last('release').to).toBe('other')
    rig.answer('release', vacant(exited(1n)))
    rig.answer('read', vacant(exited(1n)))
    rig.answer('acquire', { ...heldBy(ME, 2n), lastExit: exited(1n) })
    rig.tell(stepDown(20_000))
    rig.tell({ type: 'quiet' })
    expect(rig.last('release')).toMatchObject({ exit: { term: 2n }, to: undefined })
  })

  test('not what one that was never begun passed on', () => {
    const rig = new Rig({ coolDownMs: 0 })
    rig.claim()
    rig.answer('acquire', heldBy(ME, 1n))
    rig.tell(stepDown(20_000))
    rig.tell({ type: 'quiet' })
    expect(rig.last('release').asks).toBe(false)
    rig.answer('release', vacant(exited(1n)))
    rig.pass(200)
    rig.answer('read', vacant(exited(1n)))
    rig.answer('acquire', { ...heldBy(ME, 2n), lastExit: exited(1n) })
    rig.tell({ type: 'prepared', canSeal: true })
    for (const step of ['sealing', 'recovering', 'starting'] as const) rig.tell({ type: 'stepped', step })
    rig.tell(stepDown(20_000))
    rig.tell({ type: 'quiet' })
    expect(rig.last('release')).toMatchObject({ exit: { term: 2n }, asks: true })
  })
})
