// The timers of virtual time: whatever is set and cancelled in whatever order, they come soonest first.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Pending, TimerQueue } from '../../src/testing/timer-queue.js'

interface Step {
  readonly does: 'set' | 'cancel' | 'fire'
  readonly at: number
}

const steps = fc.array(fc.record<Step>({ does: fc.constantFrom('set', 'set', 'cancel', 'fire'), at: fc.nat(20) }), { maxLength: 60 })
const such = ({ keepAlive }: Pending): boolean => keepAlive

test('the soonest comes first, of equal ones the first set, and what was cancelled never', () => {
  const property = fc.property(steps, (script) => {
    const queue = new TimerQueue()
    let known: Pending[] = []
    script.forEach(({ does, at }, order) => {
      if (does === 'set') {
        const timer: Pending = { at, order, keepAlive: at % 3 === 0, isOutside: false, fn: () => {}, isOver: false }
        queue.push(timer)
        known = [...known, timer].sort((a, b) => a.at - b.at || a.order - b.order)
      } else {
        const timer = does === 'fire' ? known[0] : known[at % Math.max(1, known.length)]
        known = known.filter((other) => other !== timer)
        if (timer !== undefined) queue.finish(timer)
        if (timer !== undefined) queue.finish(timer)
      }
      expect(queue.first).toBe(known[0])
      expect(queue.firstOf(such)).toBe(known.find(such))
      expect(queue.size).toBe(known.length)
      expect(queue.count(such)).toBe(known.filter(such).length)
    })
  })
  fc.assert(property, { numRuns: 500, seed: 20_266 })
})

test('what was cancelled is not kept', () => {
  const queue = new TimerQueue()
  const set = (at: number): Pending => {
    const timer: Pending = { at, order: at, keepAlive: true, isOutside: false, fn: () => {}, isOver: false }
    queue.push(timer)
    return timer
  }
  const first = set(0)
  for (let at = 1; at < 10_000; at += 1) queue.finish(set(at))
  expect(queue.first).toBe(first)
  expect(queue.kept).toBeLessThan(4)
})
