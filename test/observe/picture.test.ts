// Random runs of random trees, folded from their facts: live, played back, after coming late, after losing some.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Picture } from '../../src/observe/picture/picture.js'
import { Recording } from '../../src/observe/picture/recording.js'
import type { FactFrame, Frame, StateFrame } from '../../src/observe/watch/frames.js'
import { scenarios } from '../../src/testing/arbitraries.js'
import type { Law } from '../../src/testing/law.js'
import { type Scenario, stageFor } from '../../src/testing/scenario.js'
import type { TreeNode } from '../../src/tree/tree-node.js'
import { extentOf } from '../properties/check.js'
import { factFrame, stateFrame, told, untoldIn } from './recorded.js'

/** A moment at which nothing could go on: how many facts there had been, and the tree as the system had it. */
interface Rest {
  readonly count: number
  readonly state: StateFrame
}

interface Run {
  readonly first: StateFrame
  readonly facts: readonly FactFrame[]
  readonly rests: readonly Rest[]
}

async function run(scenario: Scenario): Promise<Run> {
  const facts: FactFrame[] = []
  const rests: Rest[] = []
  const listening: Law = {
    id: 'L0',
    says: 'it is written down',
    watch: () => (event) => {
      if (event.type === 'fact') facts.push(factFrame(event.fact, facts.length + 1))
      if (event.type === 'rested') rests.push({ count: facts.length, state: now() })
      return undefined
    },
  }
  const stage = stageFor(scenario, { laws: [listening], seed: 1 })
  const now = (): StateFrame => stateFrame(stage.system.tree(), { seq: facts.length, at: stage.env.now })
  const first = now()
  await stage.run()
  return { first, facts, rests }
}

const { runs, seed } = extentOf(150, 11)
const eachRun = (check: (run: Run, chance: number) => void): Promise<void> =>
  fc.assert(
    fc.asyncProperty(scenarios(), fc.nat(), async (scenario, chance) => check(await run(scenario), chance)),
    { numRuns: runs, seed },
  )

/** The moments whose every state shows in what follows: not those between two steps of the same millisecond, nor while a start is called off. */
const telling = ({ facts, rests }: Run): Rest[] =>
  rests.filter(({ count, state }) => facts[count]?.fact.at !== state.at && !JSON.stringify(state.tree).includes('"cancelling"'))

function recorded(frames: readonly Frame[]): Recording {
  const recording = new Recording()
  for (const frame of frames) recording.take(frame)
  return recording
}

/**
 * Without differences that what follows does not show: whether one waits for its next start or has ended, which incarnation it was that
 * had ended, and the order of those who are gone.
 */
function coarse(tree: TreeNode): TreeNode {
  const children = tree.children.map(coarse).sort(byAddress)
  if (tree.state === 'stopped') return { ...tree, status: 'stopped', incarnation: 0, children }
  return { ...tree, children }
}

const byAddress = (one: TreeNode, other: TreeNode): number => (one.address < other.address ? -1 : 1)

describe('the picture that is folded from facts', () => {
  test('is the tree as the system has it, whenever that rests', async () => {
    let compared = 0
    await eachRun(({ first, facts, rests }) => {
      const picture = Picture.of(first)
      for (const [index, { count, state }] of rests.entries()) {
        for (const { fact, seq } of facts.slice(rests[index - 1]?.count ?? 0, count)) picture.apply(fact, seq)
        const untold = untoldIn(state.tree, facts.slice(0, count))
        expect(told(picture.tree(), untold)).toEqual(told(state.tree, untold))
        compared += 1
      }
    })
    expect(compared).toBeGreaterThan(runs)
  })
})

describe('a recording', () => {
  test('knows how it was at every moment, also when it is written and read again', async () => {
    await eachRun(({ first, facts, rests }) => {
      const recording = recorded([first, ...facts])
      const again = recorded([...recording.frames()].map((frame) => JSON.parse(JSON.stringify(frame)) as Frame))
      for (const { count, state } of rests) {
        const untold = untoldIn(state.tree, facts.slice(0, count))
        for (const each of [recording, again]) expect(told(each.at(count).tree(), untold)).toEqual(told(state.tree, untold))
      }
    })
  })

  test('of one who came late knows how it was before, as far back as facts are told', async () => {
    let earlier = 0
    await eachRun((run, chance) => {
      const { facts } = run
      const rests = telling(run)
      const joined = rests[chance % Math.max(1, rests.length)]
      if (joined === undefined) return
      const from = Math.floor(joined.count / 2)
      const recording = recorded([joined.state, ...facts.slice(from)])
      for (const { count, state } of rests.filter((rest) => rest.count >= from)) {
        const untold = untoldIn(state.tree, facts.slice(0, count))
        expect(told(coarse(recording.at(count - from).tree()), untold)).toEqual(told(coarse(state.tree), untold))
        earlier += count < joined.count ? 1 : 0
      }
    })
    expect(earlier).toBeGreaterThan(runs / 5)
  })

  test('goes on after facts were lost', async () => {
    await eachRun((run, chance) => {
      const { first, facts } = run
      const rests = telling(run)
      const back = rests[chance % Math.max(1, rests.length)]
      if (back === undefined) return
      const [lost, history] = [Math.floor(back.count / 3), Math.floor((2 * back.count) / 3)]
      const dropped = { type: 'dropped', count: history - lost } as const
      const recording = recorded([first, ...facts.slice(0, lost), dropped, back.state, ...facts.slice(history)])
      const again = recorded([...recording.frames()])
      expect([recording.dropped, again.dropped]).toEqual([history - lost, history - lost])
      for (const { count, state } of rests) {
        if (count > lost && count < history) continue
        const untold = untoldIn(state.tree, facts.slice(0, count))
        const at = count <= lost ? count : count - (history - lost)
        // Of the facts on both sides of a gap the latest before it is meant.
        if (at === lost && count !== lost) continue
        for (const each of [recording, again]) expect(told(coarse(each.at(at).tree()), untold)).toEqual(told(coarse(state.tree), untold))
      }
    })
  })
})
