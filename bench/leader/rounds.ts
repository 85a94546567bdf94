// What is measured of a change of leaders: in order, and after a kill.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Place, Rivals } from './rivals.ts'

/** A standby has nothing to do before it is needed. */
const PEACE_MS = 60

/** From the beginning of each release to the promotion that followed it, in milliseconds. */
export async function handovers(place: Place, rounds: number): Promise<number[]> {
  await using rivals = new Rivals(place)
  const ids = place.store === 'memory' ? await rivals.join(2) : [...(await rivals.join()), ...(await rivals.join())]
  const samples: number[] = []
  for (let term = 1n; samples.length < rounds; term += 1n) {
    const leader = await rivals.promoted(term)
    const to = ids.find((id) => id !== leader.id) as string
    await sleep(PEACE_MS)
    rivals.stepDown(leader.id, to)
    const release = await rivals.hear((told) => told.what === 'release' && told.term === String(term))
    const next = await rivals.promoted(term + 1n)
    if (next.id !== to) throw new Error(`term ${next.term} went to ${next.id}, it was meant for ${to}`)
    samples.push(next.at - release.at)
  }
  return samples
}

/** Takeovers in milliseconds: from the kill, and from the end of the lease, where it ends by time. */
export interface Takeovers {
  readonly afterKill: readonly number[]
  readonly afterLease: readonly number[]
}

/** Kills the leader again and again. `leaseMs`: for how long the lease is granted; undefined where it ends with the process. */
export async function takeovers(place: Place, rounds: number, leaseMs: number | undefined): Promise<Takeovers> {
  await using rivals = new Rivals(place)
  await rivals.join()
  await rivals.join()
  const [afterKill, afterLease]: [number[], number[]] = [[], []]
  for (let term = 1n; afterKill.length < rounds; term += 1n) {
    const leader = await rivals.promoted(term)
    await sleep(PEACE_MS)
    const killedAt = await rivals.kill(leader.id)
    const endedAt = rivals.latestRenewal(leader.id) + (leaseMs ?? Number.NaN)
    const next = await rivals.promoted(term + 1n)
    afterKill.push(next.at - killedAt)
    if (leaseMs !== undefined) afterLease.push(next.at - endedAt)
    await rivals.join()
  }
  return { afterKill, afterLease }
}
