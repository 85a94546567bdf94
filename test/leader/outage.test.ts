// A store that does not answer: for a while nobody notices, for longer the leader has lost the lease by its own clock.
import { expect, test } from 'vitest'
import { Election } from './rig.ts'

// From now on no call is answered, until what is returned is called.
function silence({ lease }: Election): () => void {
  const { read, acquire, renew, release } = lease
  const own = { read: read.bind(lease), acquire: acquire.bind(lease), renew: renew.bind(lease), release: release.bind(lease) }
  const never = (): Promise<never> => new Promise(() => {})
  Object.assign(lease, { read: never, acquire: never, renew: never, release: never })
  return () => void Object.assign(lease, own)
}

test('an outage of 5.8 seconds changes nothing', async () => {
  const election = new Election()
  const one = await election.join('one')
  const other = await election.join('other')
  for (let outage = 0; outage < 20; outage += 1) {
    await election.time.advance(3_000 + outage * 170)
    const over = silence(election)
    await election.time.advance(5_800)
    over()
  }
  await election.time.advance(20_000)
  expect([one.told, other.told]).toEqual([['promoting 1', 'promoted 1'], []])
})

test('one that is longer than the lease: it is lost before that is over, and somebody leads when the store is back', async () => {
  const election = new Election()
  const one = await election.join('one')
  const other = await election.join('other')
  await election.time.advance(3_000)
  const over = silence(election)
  await election.time.advance(14_403)
  expect(one.told.at(-1)).toBe('lease-lost 1')
  expect(one.handle.leading).toBe(false)
  await election.time.advance(60_000)
  expect(other.told).toEqual([])
  over()
  await election.time.advance(10_000)
  expect([one.handle.leading, other.handle.leading].filter((leads) => leads)).toEqual([true])
})
