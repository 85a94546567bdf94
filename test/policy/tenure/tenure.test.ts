// The decisions of a candidate, one by one: what it may do, for how long, and how it ends.
import { describe, expect, test } from 'vitest'
import { exited, heldBy, ME, NEVER, OTHER, Rig, TIMES, vacant } from './rig.ts'

describe('standing for election', () => {
  test('claims what is vacant, with the version that it has read', () => {
    expect(new Rig().claim(vacant(exited(4n)))).toMatchObject({ version: '4-vacant', candidate: ME, watchedOut: false })
  })

  test('does not claim what somebody holds, and looks again when it has expired by the clock of the store', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    expect(rig.answer('read', heldBy(OTHER, 1n, 2_000))).toEqual([])
    expect(rig.pass(1_999)).toEqual([])
    expect(rig.pass(2_000)).toEqual(['read'])
    expect(rig.answer('read', heldBy(OTHER, 1n, 0))).toEqual(['acquire'])
  })

  test('a claim that was refused is looked at anew', () => {
    const rig = new Rig()
    rig.claim()
    expect(rig.answer('acquire', heldBy(OTHER, 1n), { ok: false })).toEqual([])
    expect(rig.pass(1_000)).toEqual(['read'])
  })

  test('a change that comes while a read is under way makes it read again: the answer may be older', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    expect(rig.tell({ type: 'changed' })).toEqual([])
    expect(rig.answer('read', heldBy(OTHER, 1n))).toEqual(['read'])
    expect(rig.answer('read', vacant(exited(1n)))).toEqual(['acquire'])
  })

  test('a change that comes while it is looked into is looked into once more only once', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    rig.answer('read', heldBy(OTHER, 1n))
    expect(rig.tell({ type: 'changed' })).toEqual(['read'])
    expect(rig.answer('read', heldBy(OTHER, 1n))).toEqual([])
  })

  test('a change that comes while a claim is under way makes it read at once when that is refused', () => {
    const rig = new Rig()
    rig.claim(vacant(exited(1n)))
    expect(rig.tell({ type: 'changed' })).toEqual([])
    expect(rig.answer('acquire', vacant(exited(1n)), { ok: false })).toEqual(['read'])
    expect(rig.answer('read', vacant(exited(1n)))).toEqual(['acquire'])
    expect(rig.answer('acquire', heldBy(OTHER, 2n), { ok: false })).toEqual([])
  })

  test('where the store keeps no time, it watches one version for a whole lease, and reads once more', () => {
    const rig = new Rig({ expiry: 'observer' })
    rig.tell({ type: 'begin' })
    const record = { ...heldBy(OTHER, 1n), expiresInMs: undefined }
    rig.answer('read', record)
    const reads: number[] = []
    while (rig.now < 60_000 && !rig.done.some((command) => command.do === 'acquire')) {
      rig.pass(Math.max(rig.tenure.wakeAt, rig.now))
      reads.push(rig.now)
      rig.answer('read', record)
    }
    expect(reads.at(-1)).toBeGreaterThanOrEqual(15_000 * 1.02)
    expect(rig.last('acquire').claim.watchedOut).toBe(true)
  })

  test('a renewal that it sees begins the watch anew', () => {
    const rig = new Rig({ expiry: 'observer' })
    rig.tell({ type: 'begin' })
    for (let version = 0; rig.now < 60_000; version += 1) {
      rig.answer('read', { ...heldBy(OTHER, 1n), version: `v${version}` })
      rig.pass(Math.max(rig.tenure.wakeAt, rig.now))
    }
    expect(rig.done.some((command) => command.do === 'acquire')).toBe(false)
  })

  test('a lease that is meant for another is left to it for a while', () => {
    const meant = { ...vacant(exited(1n)), handover: { to: 'other', nonce: 'n' } }
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    expect(rig.answer('read', meant)).toEqual([])
    expect(rig.pass(2_999)).not.toContain('acquire')
    rig.pass(3_000)
    expect(rig.answer('read', meant)).toEqual(['acquire'])
    expect(new Rig().claim({ ...meant, handover: { to: 'me', nonce: 'n' } })).toBeDefined()
  })
})

describe('a candidate that is wanted', () => {
  const wanted = (): Rig => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    rig.answer('read', heldBy(OTHER, 1n))
    expect(rig.tell({ type: 'wanted', isSo: true })).toEqual(['read'])
    return rig
  }
  const wished = (to: string, term: bigint) => ({ ...heldBy(OTHER, term), handover: { to, nonce: to } })

  test('asks the holder to hand over, until a read shows that it was heard', () => {
    const rig = wanted()
    expect(rig.answer('read', heldBy(OTHER, 1n))).toEqual(['wish'])
    // The wish was lost.
    expect(rig.pass(4_000)).toContain('read')
    expect(rig.answer('read', heldBy(OTHER, 1n))).toEqual(['wish'])
    expect(rig.tell({ type: 'changed' })).toEqual(['read'])
    expect(rig.answer('read', wished('me', 1n))).toEqual([])
  })

  test('asks the next holder too, when the one that it asked is gone', () => {
    const rig = wanted()
    expect(rig.answer('read', wished('me', 1n))).toEqual([])
    expect(rig.tell({ type: 'changed' })).toEqual(['read'])
    expect(rig.answer('read', heldBy({ id: 'third', incarnation: 'third-1' }, 2n))).toEqual(['wish'])
    expect(rig.last('wish').term).toBe(2n)
  })

  test('leaves the wish of another candidate alone', () => {
    expect(wanted().answer('read', wished('third', 1n))).toEqual([])
  })

  test('asks no more when it is not wanted any more', () => {
    const rig = wanted()
    expect(rig.tell({ type: 'wanted', isSo: false })).toEqual([])
    expect(rig.answer('read', heldBy(OTHER, 1n))).toEqual([])
  })
})

describe('an answer that does not come', () => {
  test('is looked up, and a claim that was granted is adopted through a renewal alone', () => {
    const rig = new Rig()
    rig.claim()
    rig.now = 1_500
    expect(rig.tell({ type: 'unanswered', call: 'acquire' })).toEqual([])
    expect(rig.pass(2_000)).toEqual(['read'])
    expect(rig.answer('read', heldBy(ME, 1n))).toEqual(['renew'])
    expect(rig.answer('renew', heldBy(ME, 1n), { sentAt: 2_000 })).toEqual(['prepare', 'extend'])
    expect(rig.last('extend').validUntil).toBe(2_000 + TIMES.validMs)
  })

  test('that of a renewal makes it try again, until there is only time to end what runs', () => {
    const rig = new Rig()
    rig.lead()
    const fencedAt: number[] = []
    while (rig.tenure.phase === 'leading') {
      if (rig.pass(rig.tenure.wakeAt).includes('renew')) {
        rig.now += TIMES.storeTimeoutMs
        rig.tell({ type: 'unanswered', call: 'renew' })
      }
      fencedAt.push(rig.now)
    }
    expect(rig.tenure.phase).toBe('fencing')
    expect(rig.done.filter((command) => command.do === 'renew').length).toBeGreaterThan(3)
    expect(fencedAt.at(-1)).toBeLessThan(TIMES.validMs)
  })
})

describe('the time of a term', () => {
  test('counts from before the request, not from its answer', () => {
    const rig = new Rig()
    rig.claim()
    rig.now = 1_400
    rig.answer('acquire', heldBy(ME, 1n), { sentAt: 0 })
    expect(rig.last('extend').validUntil).toBe(TIMES.validMs)
  })

  test('is over whatever comes next: a grant that arrives after it is fenced at once', () => {
    const rig = new Rig()
    rig.claim()
    rig.now = TIMES.fenceMs
    rig.answer('acquire', heldBy(ME, 1n), { sentAt: 0 })
    expect(rig.tell({ type: 'prepared', canSeal: false })).toEqual(['invalidate', 'abort'])
  })

  test('a start that was too slow does not lead', () => {
    const rig = new Rig()
    rig.claim()
    rig.answer('acquire', heldBy(ME, 1n))
    rig.tell({ type: 'prepared', canSeal: false })
    rig.tell({ type: 'stepped', step: 'recovering' })
    rig.now = TIMES.fenceMs
    expect(rig.tell({ type: 'stepped', step: 'starting' })).toEqual(['invalidate', 'abort'])
  })

  test('time that passed unseen ends it at once', () => {
    const rig = new Rig()
    rig.lead()
    expect(rig.tell({ type: 'jumped', ms: 900 })).toEqual(['invalidate', 'abort'])
    expect(rig.tell({ type: 'quiet' })).toEqual(['lost'])
    expect(rig.last('lost')).toMatchObject({ term: 1n, why: 'time passed unseen, 900 ms', inFlight: 0 })
  })

  test('the store says that another holds it', () => {
    const rig = new Rig()
    rig.lead()
    rig.pass(3_000)
    expect(rig.answer('renew', heldBy(OTHER, 2n), { ok: false })).toEqual(['invalidate', 'abort'])
    expect(rig.tenure.phase).toBe('fencing')
  })

  test('what still runs when it is over is the last resort', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'jumped', ms: 900 })
    rig.inFlight = 1
    expect(rig.pass(TIMES.validMs)).toEqual(['fence-failed', 'lost'])
    expect(rig.last('lost').inFlight).toBe(1)
  })
})

describe('a promotion', () => {
  const promoted = (rig: Rig, record = NEVER, canSeal = false): string[] => {
    rig.claim(record)
    rig.answer('acquire', { ...heldBy(ME, record.term + 1n), lastExit: record.lastExit })
    return rig.tell({ type: 'prepared', canSeal })
  }

  test('of the first term waits for nobody', () => {
    expect(promoted(new Rig())).toEqual(['recover'])
  })

  test('after a step-down that was written down waits for nobody', () => {
    expect(promoted(new Rig(), vacant(exited(4n)))).toEqual(['recover'])
  })

  test.each([
    ['without a word', heldBy(OTHER, 4n, 0)],
    ['with something in flight', vacant(exited(4n, false))],
    ['without a word, after an earlier one that was written down', { ...heldBy(OTHER, 4n, 0), lastExit: exited(3n) }],
  ])('after one that ended %s waits for the last of its requests', (_how, record) => {
    const rig = new Rig()
    expect(promoted(rig, record)).toEqual([])
    expect(rig.pass(2_999)).toEqual([])
    expect(rig.pass(3_000)).toContain('recover')
  })

  test('seals instead of waiting where everything can be sealed, and recovers after that', () => {
    const rig = new Rig()
    expect(promoted(rig, heldBy(OTHER, 4n, 0), true)).toEqual(['seal'])
    expect(rig.tell({ type: 'stepped', step: 'sealing' })).toEqual(['recover'])
    expect(rig.tell({ type: 'stepped', step: 'recovering' })).toEqual(['start'])
    expect(rig.tell({ type: 'stepped', step: 'starting' })).toEqual(['lead'])
  })

  test('that fails gives the lease back when nothing of it runs', () => {
    const rig = new Rig()
    promoted(rig)
    expect(rig.tell({ type: 'failed', why: 'no disk' })).toEqual(['abort'])
    expect(rig.tell({ type: 'quiet' })).toEqual(['conclude', 'release'])
    expect(rig.last('release').exit).toMatchObject({ term: 1n, drained: true, reason: 'never-led' })
  })

  test('keeps the lease while it takes its time', () => {
    const rig = new Rig()
    promoted(rig)
    expect(rig.pass(3_000)).toEqual(['renew'])
    rig.answer('renew', heldBy(ME, 1n))
    expect(rig.pass(6_000)).toEqual(['renew'])
    expect(rig.renewal).toMatchObject({ term: 1n, phase: 'held' })
  })
})

describe('stepping down', () => {
  test('renews while it drains, and gives the lease back when nothing runs', () => {
    const rig = new Rig()
    rig.lead()
    expect(rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: 'other' })).toEqual(['drain'])
    expect(rig.pass(3_000)).toEqual(['renew'])
    expect(rig.renewal.phase).toBe('steppingDown')
    rig.answer('renew', heldBy(ME, 1n))
    expect(rig.tell({ type: 'quiet' })).toEqual(['conclude', 'release'])
    expect(rig.last('release')).toMatchObject({ to: 'other', exit: { term: 1n, drained: true, reason: 'asked to' } })
    expect(rig.answer('release', vacant(exited(1n)))).toEqual(['stepped-down'])
  })

  test('does not give it back while a renewal is under way that could come after', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: undefined })
    rig.pass(3_000)
    expect(rig.tell({ type: 'quiet' })).toEqual(['conclude'])
    expect(rig.answer('renew', heldBy(ME, 1n))).toEqual(['release'])
  })

  test('cuts off what is not done by the deadline, and gives it back when that has ended', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 1_000, to: undefined })
    expect(rig.pass(1_000)).toEqual(['abort'])
    expect(rig.tell({ type: 'quiet' })).toEqual(['conclude', 'release'])
    expect(rig.last('release').exit).toMatchObject({ drained: true, reason: 'aborted' })
  })

  test('what does not end when it is cut off is never given back', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 1_000, to: undefined })
    rig.inFlight = 1
    expect(rig.pass(30_000)).toEqual(expect.arrayContaining(['abort', 'invalidate', 'fence-failed', 'lost']))
    expect(rig.done.some((command) => command.do === 'release')).toBe(false)
  })

  test('a release that is not answered is tried again until the term would have been over', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: undefined })
    rig.tell({ type: 'quiet' })
    while (rig.tenure.phase === 'releasing') {
      rig.now = Math.min(rig.now + TIMES.storeTimeoutMs, TIMES.validMs)
      rig.tell({ type: 'unanswered', call: 'release' })
      rig.pass(Math.max(rig.now, rig.tenure.wakeAt))
    }
    expect(rig.done.filter((command) => command.do === 'release').length).toBeGreaterThan(3)
    expect(rig.last('lost').why).toBe('the store did not answer the release')
  })

  test('a term whose release was tried is never taken up again', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: undefined })
    rig.tell({ type: 'quiet' })
    rig.pass(TIMES.validMs)
    rig.tell({ type: 'unanswered', call: 'release' })
    rig.pass(TIMES.validMs + 2_000)
    // The record still says that we hold it: the release was lost on its way.
    expect(rig.answer('read', heldBy(ME, 1n, 500))).toEqual([])
    expect(rig.pass(TIMES.validMs + 2_500)).toEqual(['read'])
    expect(rig.answer('read', heldBy(ME, 1n, 0))).toEqual(['acquire'])
  })

  test('another candidate that wants it is heard with the renewal, once', () => {
    const rig = new Rig()
    rig.lead()
    rig.pass(3_000)
    expect(rig.answer('renew', { ...heldBy(ME, 1n), handover: { to: 'other', nonce: 'n' } })).toEqual(['extend', 'drain'])
  })

  test('stands back for a while, and then stands for election again', () => {
    const rig = new Rig()
    rig.lead()
    rig.tell({ type: 'stepDown', why: 'asked to', deadlineAt: 20_000, to: undefined })
    rig.tell({ type: 'quiet' })
    rig.answer('release', vacant(exited(1n)))
    expect(rig.pass(1_999)).toEqual([])
    expect(rig.pass(2_000)).toEqual(['read'])
  })
})

describe('a stop', () => {
  const stop = { type: 'stop', deadlineAt: 10_000 } as const

  test('of one that holds nothing ends it at once', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    expect(rig.tell(stop)).toEqual(['end'])
    expect(rig.answer('read', NEVER)).toEqual([])
  })

  test('of a leader gives the lease back, and nothing follows', () => {
    const rig = new Rig()
    rig.lead()
    expect(rig.tell(stop)).toEqual(['drain'])
    rig.tell({ type: 'quiet' })
    expect(rig.answer('release', vacant(exited(1n)))).toEqual(['stepped-down', 'end'])
  })

  test.each(['barrier', 'sealing', 'recovering', 'starting'])('while %s calls the promotion off', (phase) => {
    const rig = new Rig()
    rig.claim(heldBy(OTHER, 4n, 0))
    rig.answer('acquire', heldBy(ME, 5n))
    if (phase !== 'barrier') rig.tell({ type: 'prepared', canSeal: true })
    for (const step of ['sealing', 'recovering'] as const) if (rig.tenure.phase !== phase) rig.tell({ type: 'stepped', step })
    expect(rig.tenure.phase).toBe(phase)
    expect(rig.tell(stop)).toEqual(['abort'])
    expect(rig.tell({ type: 'quiet' })).toEqual(['conclude', 'release'])
    expect(rig.answer('release', vacant(exited(5n)))).toEqual(['stepped-down', 'end'])
  })

  test('waits for a claim that is under way, and gives back what it brings', () => {
    const rig = new Rig()
    rig.claim()
    expect(rig.tell(stop)).toEqual([])
    expect(rig.answer('acquire', heldBy(ME, 1n))).toEqual(['release'])
    expect(rig.last('release').exit.reason).toBe('never-led')
  })

  test('looks up a claim that was not answered once, and gives back what it brought', () => {
    const rig = new Rig()
    rig.claim()
    rig.tell(stop)
    expect(rig.tell({ type: 'unanswered', call: 'acquire' })).toEqual(['read'])
    expect(rig.answer('read', heldBy(ME, 1n))).toEqual(['release'])
    const other = new Rig()
    other.claim()
    other.tell(stop)
    other.tell({ type: 'unanswered', call: 'acquire' })
    expect(other.tell({ type: 'unanswered', call: 'read' })).toEqual(['end'])
  })

  test('does not wait for a claim longer than it may', () => {
    const rig = new Rig()
    rig.claim()
    rig.tell(stop)
    expect(rig.pass(10_000)).toEqual(['end'])
  })
})

describe('when the whole tree stops', () => {
  const treeStops = { type: 'treeStops', deadlineAt: 10_000 } as const

  test('one that holds nothing begins nothing more', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    expect(rig.tell(treeStops)).toEqual(['end'])
  })

  test('one whose claim is under way gives back what it brings', () => {
    const rig = new Rig()
    rig.claim()
    expect(rig.tell(treeStops)).toEqual([])
    expect(rig.answer('acquire', heldBy(ME, 1n))).toEqual(['release'])
  })

  test('a leader goes on until it is asked to stop itself', () => {
    const rig = new Rig()
    rig.lead()
    expect(rig.tell(treeStops)).toEqual([])
    expect(rig.tell({ type: 'stop', deadlineAt: 10_000 })).toEqual(['drain'])
  })
})

test('a lease that does not expire is given back by whom it belongs to, though its term is over', () => {
  const rig = new Rig({ expiry: 'none' })
  rig.lead()
  rig.tell({ type: 'jumped', ms: 900 })
  rig.tell({ type: 'quiet' })
  rig.pass(2_000)
  expect(rig.answer('read', heldBy(ME, 1n))).toEqual(['release'])
  expect(rig.last('release').exit).toMatchObject({ term: 1n, drained: false })
})
