// The first lines about a daemon: who it is, since when, and how it is on the whole.
import type { StateFrame } from '../../observe/watch/frames.js'
import type { TreeNode } from '../../tree/tree-node.js'
import { type Line, lengthOf, type Span, span, type Tone } from '../paint.js'
import { count } from '../text.js'
import { servicesIn, sumOf } from './folding.js'
import { stateOf, toneOf } from './words.js'

/** How a daemon is as a whole. */
export interface Standing {
  readonly word: string
  readonly tone: Tone | undefined
}

/** Who it is: its root's id, how it is, where it runs and for how long. `standing`: in place of its root's own state. */
export function headline({ daemon, tree, at }: Pick<StateFrame, 'daemon' | 'tree' | 'at'>, width: number, standing?: Standing): Line {
  const { word, tone } = standing ?? { word: stateOf(tree), tone: toneOf(tree) }
  const left = [span(tree.id, 'strong'), span('  '), span(word, tone)]
  const { pid, host, version, quiesce, node } = daemon
  const own = version === undefined ? [] : [`version ${version}`]
  const parts = [`pid ${pid} on ${host}`, `up ${uptime(at)}`, ...own, `quiesce ${quiesce}`, `Node ${node.replace(/^v/, '')}`]
  // What does not fit says least.
  while (parts.length > 1 && lengthOf(left) + GAP + parts.join(', ').length > width) parts.pop()
  return [...left, span(' '.repeat(GAP)), span(parts.join(', '), 'faint')]
}

const GAP = 3

/** How it is on the whole. */
export function summary(tree: TreeNode): Span[] {
  const services = servicesIn([tree])
  return [span(`${count(services.length, 'service')}: ${sumOf([tree])}`)]
}

/** @internal A long time in two units at most: `3 h 12 min`. */
export function uptime(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
