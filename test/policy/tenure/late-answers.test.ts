// Answers that come when their question is no longer asked, and terms that end before anything was begun in them: what the simulator of
// elections has found, one by one.
import { describe, expect, test } from 'vitest'
import { exited, heldBy, ME, OTHER, Rig, TIMES, vacant } from './rig.ts'

const wanted = { type: 'wanted', isSo: true } as const

describe('an answer that comes late', () => {
  test('of a renewal of a term that is over does not begin that term again', () => {
    const rig = new Rig({ coolDownMs: 0 })
    rig.lead()
    rig.pass(3_000)
    expect(rig.last('renew').renewal.term).toBe(1n)
    rig.tell({ type: 'late', ms: 4_000 })
    rig.tell({ type: 'quiet' })
    rig.tell(wanted)
    expect(rig.tenure.phase).toBe('observing')
    expect(rig.answer('renew', heldBy(ME, 1n))).toEqual(['read'])
  })

  test('of a claim does not count when time has passed unseen meanwhile: it is adopted through a renewal', () => {
    const rig = new Rig()
    rig.claim()
    rig.tell({ type: 'jumped', ms: 60_000 })
    expect(rig.answer('acquire', heldBy(ME, 1n))).toEqual([])
    expect(rig.pass(2_000)).toEqual(['read'])
    expect(rig.answer('read', heldBy(ME, 1n))).toEqual(['renew'])
    expect(rig.answer('renew', heldBy(ME, 1n), { sentAt: 2_000 })).toEqual(['prepare', 'extend'])
  })

  test('of a release that was applied though nobody said so, when another has the lease already, is a step-down', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: undefined })
    rig.tell({ type: 'quiet' })
    rig.tell({ type: 'unanswered', call: 'release' })
    rig.pass(1_000)
    const successor = { ...heldBy(OTHER, 2n), lastExit: exited(1n) }
    expect(rig.answer('release', successor, { ok: false })).toEqual(['stepped-down'])
  })

  test('of a release when the lease had been taken is a loss', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: undefined })
    rig.tell({ type: 'quiet' })
    expect(rig.answer('release', heldBy(OTHER, 2n), { ok: false })).toEqual(['lost'])
  })
})

test('one that has ended asks nothing more', () => {
  const rig = new Rig()
  rig.claim()
  rig.tell({ type: 'unanswered', call: 'acquire' })
  rig.pass(1_000)
  rig.tell({ type: 'stop', deadlineAt: 10_000 })
  rig.tell({ type: 'changed' })
  expect(rig.answer('read', vacant(exited(1n)))).toEqual(['end'])
})

test('a leader that reads an old record goes on', () => {
  const rig = new Rig()
  rig.lead(vacant(exited(4n)))
  expect(rig.tell({ type: 'changed' })).toEqual(['read'])
  expect(rig.answer('read', vacant(exited(4n)))).toEqual([])
  expect(rig.tell({ type: 'changed' })).toEqual(['read'])
  expect(rig.answer('read', heldBy(OTHER, 6n))).toEqual(['invalidate', 'abort'])
})

describe('a term in which nothing was begun', () => {
  const stop = { type: 'stop', deadlineAt: 10_000 } as const
  const passedOn = { ...exited(4n), checkpoint: 'at 42' }
  const release = (rig: Rig) => rig.last('release')

  test.each(['barrier', 'sealing', 'recovering'])('passes on what it was given, while %s', (phase) => {
    const rig = new Rig()
    rig.claim({ ...vacant(passedOn), handover: undefined })
    rig.answer('acquire', { ...heldBy(ME, 5n), lastExit: passedOn })
    if (phase !== 'barrier') rig.tell({ type: 'prepared', canSeal: true })
    if (phase === 'recovering') rig.tell({ type: 'stepped', step: 'sealing' })
    expect(rig.tenure.phase).toBe(phase)
    rig.tell(stop)
    rig.tell({ type: 'quiet' })
    expect(release(rig)).toMatchObject({ asks: false, exit: { term: 5n, drained: true, checkpoint: 'at 42', reason: 'never-led' } })
  })

  test('passes it on too when it was granted to one that is stopping', () => {
    const rig = new Rig()
    rig.claim(vacant(passedOn))
    rig.tell(stop)
    rig.answer('acquire', { ...heldBy(ME, 5n), lastExit: passedOn })
    expect(release(rig)).toMatchObject({ asks: false, exit: { drained: true, checkpoint: 'at 42' } })
  })

  test('does not pass on that of a term before the last', () => {
    const rig = new Rig()
    rig.claim(heldBy(OTHER, 5n, 0))
    rig.tell(stop)
    rig.answer('acquire', { ...heldBy(ME, 6n), lastExit: passedOn })
    expect(release(rig).exit).toMatchObject({ drained: false, checkpoint: undefined })
  })

  test('spares nobody the wait for the last requests of the leader before, when it has not waited itself', () => {
    const rig = new Rig()
    rig.claim(heldBy(OTHER, 1n, 0))
    rig.answer('acquire', heldBy(ME, 2n))
    rig.tell({ type: 'prepared', canSeal: false })
    rig.pass(1_000)
    rig.tell(stop)
    rig.tell({ type: 'quiet' })
    expect(release(rig).exit).toMatchObject({ term: 2n, drained: false })
  })

  test('does so when it has waited', () => {
    const rig = new Rig()
    rig.claim(heldBy(OTHER, 1n, 0))
    rig.answer('acquire', heldBy(ME, 2n))
    rig.tell({ type: 'prepared', canSeal: false })
    rig.pass(3_000)
    expect(rig.tenure.phase).toBe('recovering')
    rig.answer('renew', heldBy(ME, 2n))
    rig.tell(stop)
    rig.tell({ type: 'quiet' })
    expect(release(rig).exit).toMatchObject({ term: 2n, drained: true })
  })

  test('has a word of its own once its scope was being started', () => {
    const rig = new Rig()
    rig.claim()
    rig.answer('acquire', heldBy(ME, 1n))
    rig.tell({ type: 'prepared', canSeal: true })
    for (const step of ['sealing', 'recovering'] as const) rig.tell({ type: 'stepped', step })
    rig.tell(stop)
    rig.tell({ type: 'quiet' })
    expect(release(rig)).toMatchObject({ asks: true, exit: { drained: true } })
  })
})

test('what time has passed unseen is missing from the time in which what runs must end', () => {
  const rig = new Rig()
  rig.lead()
  rig.inFlight = 1
  rig.tell({ type: 'jumped', ms: 10_000 })
  expect(rig.pass(TIMES.validMs - 10_000 - 1)).toEqual([])
  expect(rig.pass(TIMES.validMs - 10_000)).toEqual(['fence-failed', 'lost'])
})

test('it is missing too when it passes while what runs is being ended', () => {
  const rig = new Rig()
  rig.lead()
  rig.inFlight = 1
  rig.tell({ type: 'late', ms: 4_000 })
  rig.now = 1_000
  rig.tell({ type: 'jumped', ms: 10_000 })
  expect(rig.pass(TIMES.validMs - 10_000)).toEqual(['fence-failed', 'lost'])
})

test('that a leader wants what it has does not put it before others when it has stepped down', () => {
  const rig = new Rig()
  rig.lead()
  rig.tell(wanted)
  rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: 'other' })
  rig.tell({ type: 'quiet' })
  rig.answer('release', vacant(exited(1n)))
  rig.pass(2_000)
  expect(rig.answer('read', { ...vacant(exited(1n)), handover: { to: 'other', nonce: 'n' } })).toEqual([])
})
