// A defect that chance hardly ever meets has a schedule of its own: a renewal that is answered late, one that is not answered, and a pause
// until just before the end of what the late answer would allow.
import { afterEach, expect, test, vi } from 'vitest'
import { Tenure } from '../../../src/policy/tenure/tenure.js'
import { entriesOf } from '../simulation/invariants/violation.js'
import { violationsOf } from '../simulation/invariants.js'
import { TIMES } from '../simulation/times.js'
import { World } from '../simulation/world.js'

const SLOW_MS = 1_400
const SEEDS = 60

afterEach(() => {
  vi.restoreAllMocks()
})

/** So many worlds of that kind in which guarded work was sent too late. */
async function late(): Promise<number> {
  let count = 0
  for (let seed = 1; seed <= SEEDS; seed += 1) if (await isLate(seed)) count += 1
  return count
}

async function isLate(seed: number): Promise<boolean> {
  const world = new World(seed, { isCalm: true, expiry: 'server' })
  const { timeline, weather } = world
  const renewals = (): number => entriesOf(world, 'sent').filter(({ call }) => call === 'renew').length
  const untilNext = async (): Promise<void> => {
    const before = renewals()
    await timeline.runUntil(timeline.now + 10_000, () => renewals() > before)
  }
  for (const candidate of world.candidates) candidate.boot()
  await timeline.runUntil(5_000)
  weather.answerMs = () => SLOW_MS
  await untilNext()
  const sentAt = timeline.now
  const { life } = world.candidates.find((candidate) => candidate.life?.last?.type === 'promoted') ?? {}
  // Answered by then, and nobody else's answers are late.
  await timeline.runUntil(sentAt + SLOW_MS + 100)
  weather.answerMs = () => 1
  const leader = life?.process.name ?? ''
  weather.breakDown({ of: leader, until: Number.POSITIVE_INFINITY, way: 'both', isQuick: false })
  await untilNext()
  await timeline.runUntil(timeline.now + 500)
  life?.process.pause(sentAt + SLOW_MS + TIMES.validMs - 100 - timeline.now, 'awake')
  await timeline.runUntil(sentAt + 25_000)
  return violationsOf(world).some(({ invariant }) => invariant === 'I2')
}

test('work is never sent too late', { timeout: 120_000 }, async () => {
  expect(await late()).toBe(0)
})

test('it is when validity counts from the answer', { timeout: 120_000 }, async () => {
  const { take } = Tenure.prototype
  vi.spyOn(Tenure.prototype, 'take').mockImplementation(function (this: Tenure, event, now, inFlight) {
    return take.call(this, event.type === 'answered' ? { ...event, sentAt: now } : event, now, inFlight)
  })
  const count = await late()
  console.log(`validity counts from the answer: caught in ${count} of ${SEEDS} worlds`)
  expect(count).toBeGreaterThan(0)
})
