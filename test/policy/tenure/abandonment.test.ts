// A leader that was given up: what of its term is ended by force, what is told, and when a lease that does not expire is let go of.
import { describe, expect, test } from 'vitest'
import { exited, heldBy, ME, NEVER, Rig, vacant } from './rig.ts'

const abandoned = { type: 'abandoned' } as const
const unwatched = (isStopping: boolean) => ({ type: 'unwatched', isStopping }) as const

/** Leads, with so much in flight. */
function leading(expiry: 'server' | 'none', inFlight: number): Rig {
  const rig = new Rig({ expiry })
  rig.lead()
  rig.inFlight = inFlight
  return rig
}

describe('a leader that is given up', () => {
  test('has what runs told to end first, and what runs on after that ended by force', () => {
    const rig = leading('server', 2)
    expect(rig.tell(abandoned)).toEqual(['invalidate', 'abort'])
    rig.inFlight = 1
    expect(rig.tell(unwatched(false))).toEqual(['fence-failed', 'lost', 'end'])
    expect(rig.last('lost')).toMatchObject({ term: 1n, why: 'its leader was given up', inFlight: 1 })
  })

  test('has nothing ended by force that ends when it is told', () => {
    const rig = leading('server', 2)
    rig.tell(abandoned)
    rig.inFlight = 0
    expect(rig.tell(unwatched(false))).toEqual(['lost', 'end'])
  })

  test('has nothing ended by force while the whole tree stops: its process ends', () => {
    const rig = leading('server', 1)
    rig.tell(abandoned)
    expect(rig.tell(unwatched(true))).toEqual(['lost', 'end'])
  })

  test('leaves a lease to expire, and tells of nothing that settles later', () => {
    const rig = leading('server', 1)
    rig.tell(abandoned)
    rig.tell(unwatched(false))
    rig.inFlight = 0
    expect(rig.tell({ type: 'quiet' })).toEqual([])
    expect(rig.tenure.wakeAt).toBe(Number.POSITIVE_INFINITY)
  })

  test('lets go of one that does not expire, as lost, when nothing of the term runs any more', () => {
    const rig = leading('none', 1)
    rig.tell(abandoned)
    expect(rig.tell(unwatched(false))).toEqual(['fence-failed', 'lost', 'end'])
    rig.inFlight = 0
    expect(rig.tell({ type: 'quiet' })).toEqual(['release'])
    expect(rig.last('release').exit).toMatchObject({ term: 1n, drained: false })
    expect(rig.tell({ type: 'quiet' })).toEqual([])
  })

  test('does so at once when nothing runs', () => {
    const rig = leading('none', 0)
    rig.tell(abandoned)
    expect(rig.tell(unwatched(false))).toEqual(['lost', 'release', 'end'])
  })

  test('keeps it while something runs, also when a renewal is answered', () => {
    const rig = leading('none', 1)
    rig.pass(3_000)
    rig.tell(abandoned)
    rig.tell(unwatched(true))
    expect(rig.answer('renew', heldBy(ME, 1n))).toEqual([])
  })

  test('has lost nothing when it holds nothing', () => {
    const rig = new Rig()
    rig.tell({ type: 'begin' })
    expect([rig.tell(abandoned), rig.tell(unwatched(false))]).toEqual([['end'], []])
  })

  test('is over when it has ended', () => {
    const rig = new Rig()
    rig.tell({ type: 'stop', deadlineAt: 1_000 })
    expect([rig.tell(abandoned), rig.tell(unwatched(false))]).toEqual([[], []])
  })
})

describe('a claim that is answered after the end', () => {
  const claimed = (expiry: 'server' | 'none'): Rig => {
    const rig = new Rig({ expiry })
    rig.claim(vacant(exited(4n)))
    rig.tell({ type: 'stop', deadlineAt: 500 })
    expect(rig.pass(500)).toEqual(['end'])
    return rig
  }

  test('is let go of where leases do not expire', () => {
    const rig = claimed('none')
    expect(rig.answer('acquire', heldBy(ME, 5n))).toEqual(['release'])
    expect(rig.last('release').exit).toMatchObject({ term: 5n, drained: false })
    expect(rig.answer('release', vacant(exited(5n)))).toEqual([])
  })

  test('expires elsewhere', () => {
    expect(claimed('server').answer('acquire', heldBy(ME, 5n))).toEqual([])
  })

  test('that was refused is nothing to let go of', () => {
    expect(claimed('none').answer('acquire', NEVER, { ok: false })).toEqual([])
  })
})
