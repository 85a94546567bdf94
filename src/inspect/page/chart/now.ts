// What of a chart is lit at one moment: the states that are active, and the step that was taken last.
import type { FactList } from '../../../observe/picture/fact-list.js'
import type { PictureNode } from '../../../observe/picture/picture-node.js'
import type { Chart } from '../../../protocol/chart.js'
import { LIFE_IDS } from './life.js'
import { activeIn, lastStep, takenEdges } from './steps.js'

/** What is lit. */
export interface Lit {
  readonly active: ReadonlySet<string>
  /** The numbers of the transitions that were taken last. */
  readonly taken: readonly number[]
  /** When, on the clock of the facts. */
  readonly takenAt: number | undefined
}

// A life has a handful of steps, but facts without end about missed pongs and failed requests may lie between.
const LOOKED_AT = 2_000

/** In the chart of the life of every service. */
export function litInLife(chart: Chart, node: PictureNode, facts: FactList, seq: number): Lit {
  const id = LIFE_IDS[node.state]
  const active = new Set([id, ...around(chart, id)])
  const about = facts.about(node.address, seq)
  const begun = about.findLastIndex(({ fact }) => fact.type === 'starting')
  const step = lastStep(about.slice(Math.max(begun, about.length - LOOKED_AT, 0)).map(({ fact }) => fact))
  if (step === undefined || LIFE_IDS[step.to] !== id) return { active, taken: [], takenAt: undefined }
  const between = [...chart.edges.entries()].filter(([, { from, to }]) => from === LIFE_IDS[step.from] && to === LIFE_IDS[step.to])
  const named = between.filter(([, { event }]) => event === step.event)
  return { active, taken: (named.length > 0 ? named : between).map(([index]) => index), takenAt: step.at }
}

/** In the chart of a user's machine. */
export function litInMachine(chart: Chart, node: PictureNode, facts: FactList, seq: number): Lit {
  const { machine } = node
  if (machine === undefined) return { active: new Set(), taken: [], takenAt: undefined }
  const active = activeIn(chart, machine.value)
  const about = facts.about(node.address, seq)
  const last = about.findLastIndex(({ fact }) => fact.type === 'transition')
  const before = about.slice(0, Math.max(0, last)).findLast(({ fact }) => fact.type === 'transition' || fact.type === 'starting')?.fact
  if (before?.type !== 'transition') return { active, taken: [], takenAt: undefined }
  return { active, taken: takenEdges(chart, activeIn(chart, before.value), active, machine.event), takenAt: machine.at }
}

function around(chart: Chart, id: string): string[] {
  const parent = chart.nodes.find((node) => node.id === id)?.parent
  return parent === undefined ? [] : [parent, ...around(chart, parent)]
}
