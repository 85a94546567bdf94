// A thousand services and bursts of facts: only what can be seen is in the document, everything is drawn once a frame, and any of a
// hundred thousand recorded moments is a few facts away. Times are printed, not asserted.
import { describe, expect, test } from 'vitest'
import { Recording } from '../../src/observe/picture/recording.js'
import type { FactFrame, Frame, StateFrame } from '../../src/observe/watch/frames.js'
import type { TreeNode } from '../../src/tree/tree-node.js'
import { stateFrame } from '../observe/recorded.js'
import { oneBrowser, row, seek, show, skips, until } from './rig.js'

oneBrowser()

const SUPERVISORS = 20
const EACH = 50

const node = (address: string, children: readonly TreeNode[] = []): TreeNode => ({
  id: address.slice(address.lastIndexOf('/') + 1),
  address,
  kind: children.length > 0 ? 'supervisor' : 'service',
  status: 'ready',
  state: 'ready',
  incarnation: 1,
  inFlight: 0,
  restart: 'permanent',
  edge: false,
  dynamic: false,
  uses: [],
  hasMachine: false,
  children,
})

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const tree = node(
  'plant',
  numbers(SUPERVISORS).map((hall) =>
    node(
      `plant/hall-${hall}`,
      numbers(EACH).map((place) => node(`plant/hall-${hall}/machine-${place}`)),
    ),
  ),
)
const addresses = numbers(SUPERVISORS * EACH).map(
  (index) => `plant/hall-${index % SUPERVISORS}/machine-${Math.floor(index / SUPERVISORS) % EACH}`,
)

/** Lives of one service after the other: each fact number `count` is one step of it. */
function step(count: number): FactFrame {
  const address = addresses[Math.floor(count / 4) % addresses.length] as string
  const incarnation = 2 + Math.floor(count / 4 / addresses.length)
  const about = { at: count / 10, address, incarnation }
  const error = { name: 'Error', message: 'out of paper', causes: [] }
  const facts = [
    { type: 'starting', ...about } as const,
    { type: 'started', ...about, tookMs: 1 } as const,
    { type: 'crashed', ...about, error } as const,
    { type: 'start-failed', ...about, tookMs: 1, error } as const,
  ]
  return { type: 'fact', seq: count + 1, fact: facts[count % 4] as FactFrame['fact'] }
}

function plant(): { readonly frames: Frame[]; state(): StateFrame; on(): () => void } {
  return { frames: [], state: () => stateFrame(tree, { seq: 0, at: 0 }), on: () => () => {} }
}

test('any of a hundred thousand facts is near a picture that is kept', () => {
  const recording = new Recording()
  recording.take(stateFrame(tree, { seq: 0, at: 0 }))
  const count = 100_000
  const beganAt = performance.now()
  for (let index = 0; index < count; index += 1) recording.take(step(index))
  const recordedAt = performance.now()
  const positions = numbers(200).map((index) => (index * 7_919) % count)
  for (const position of positions) {
    const picture = recording.at(position)
    expect(picture.seq).toBe(position)
    const { fact } = step(Math.max(0, position - 1))
    if (position > 0 && fact.type === 'starting') expect(picture.nodes.get(fact.address)?.state).toBe('starting')
  }
  const perSeek = (performance.now() - recordedAt) / positions.length
  console.log(`${count} facts recorded in ${Math.round(recordedAt - beganAt)} ms; a moment is found in ${perSeek.toFixed(2)} ms`)
})

test('a recording forgets its beginning when it grows too long, and says how much', () => {
  const recording = new Recording(1_000)
  recording.take(stateFrame(tree, { seq: 0, at: 0 }))
  const whole = new Recording()
  whole.take(stateFrame(tree, { seq: 0, at: 0 }))
  for (let index = 0; index < 2_345; index += 1) for (const each of [recording, whole]) each.take(step(index))
  expect(recording.facts.length).toBeLessThanOrEqual(1_000)
  expect(recording.facts.length + recording.forgotten).toBe(2_345)
  for (const back of [0, 1, 250, 500]) {
    const [some, all] = [recording.at(recording.facts.length - back), whole.at(whole.facts.length - back)]
    expect(some.tree()).toEqual(all.tree())
  }
})

test('what is measured of many that are busy is forgotten too: a page is left open for days', () => {
  const recording = new Recording(1_000)
  recording.take(stateFrame(tree, { seq: 0, at: 0 }))
  const changed = Object.fromEntries(numbers(100).map((index) => [`plant/w${index}`, { inFlight: index }]))
  for (let at = 1; at <= 300; at += 1) recording.take({ type: 'gauges', at, changed })
  const kept = [...recording.frames()].filter(({ type }) => type === 'gauges')
  expect(kept.length * 101).toBeLessThanOrEqual(2_000)
  expect(kept.at(-1)).toMatchObject({ at: 300 })
})

describe.skipIf(skips)('a thousand services', () => {
  test('are shown by a few dozen rows, through bursts of facts, and are found at once', async () => {
    const { page, server } = await show(plant())
    await row(page, 'plant').waitFor()
    const rows = (): Promise<number> => page.locator('.row').count()
    expect(await rows()).toBeLessThan(60)
    await page.evaluate(WATCH_FRAMES)
    const burst = 200
    for (let round = 0; round < 100; round += 1) {
      server.pushAll(numbers(burst).map((index) => step(round * burst + index)))
      await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))')
    }
    await until(page, 'all facts are there', async () => (await page.locator('.transport-note').textContent()) === `${100 * burst} facts`)
    const { longest, frames, blocked } = await page.evaluate<{ longest: number; frames: number; blocked: number[] }>('measured()')
    expect(await rows()).toBeLessThan(60)
    await page.keyboard.press('4')
    await until(page, 'the list is there', async () => (await page.locator('.fact-row').count()) > 0)
    expect(await page.locator('.fact-row').count()).toBeLessThan(80)
    await page.keyboard.press('/')
    await page.keyboard.type('hall-7/ machine-49')
    await until(page, 'it is found', async () => (await page.locator('.tree-count').textContent()) === '1 of 1021 services')
    await page.keyboard.press('Escape')
    await page.locator('.tree-box').press('End')
    await until(page, 'the last is in view', async () => (await row(page, 'plant/hall-19/machine-49').count()) === 1)
    expect(await rows()).toBeLessThan(60)
    await seek(page, 12_345)
    console.log(
      `1 000 services, 20 000 facts in 100 bursts: ${frames} frames, the longest ${longest.toFixed(0)} ms, ${blocked.length} tasks above 50 ms (${blocked.map((ms) => ms.toFixed(0)).join(', ')})`,
    )
  })
})

// Text, since it has the types of a browser.
const WATCH_FRAMES = `
  const blocked = []
  new PerformanceObserver((list) => blocked.push(...list.getEntries().map((entry) => entry.duration))).observe({ entryTypes: ['longtask'] })
  let [last, longest, frames] = [performance.now(), 0, 0]
  const frame = (now) => {
    longest = Math.max(longest, now - last)
    frames += 1
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  globalThis.measured = () => ({ longest, frames, blocked })
`
