// What is written in a chart: the lines inside a state and on an arrow, cut where they would make it too wide.
import type { ChartEdge, ChartNode } from '../../../protocol/chart.js'
import type { Measure, TextLine } from './drawing.js'

const LONGEST_LABEL = 30
const LONGEST_LINE = 34

/** The height of a line of text. */
export const LINE = { key: 18, line: 15, label: 15 } as const

/** The lines of a state. `staying` are the transitions that act and stay in it. */
export function linesOf(node: ChartNode, staying: readonly ChartEdge[]): TextLine[] {
  if (node.kind === 'history') return [{ text: node.history === 'deep' ? 'H*' : 'H', style: 'key' }]
  const lines: TextLine[] = [{ text: cut(node.key, LONGEST_LABEL), style: 'key' }]
  const add = (text: string): void => void lines.push({ text: cut(text, LONGEST_LINE), style: 'line' })
  if (node.tags.length > 0) add(node.tags.map((tag) => `#${tag}`).join(' '))
  if (node.entry.length > 0) add(`entry / ${node.entry.join(', ')}`)
  for (const name of node.invokes) add(`invoke ${name}`)
  for (const edge of staying) add(inFull(edge))
  if (node.exit.length > 0) add(`exit / ${node.exit.join(', ')}`)
  return lines
}

/** A transition as it is written on its arrow. */
export function labelOf({ label, guard }: ChartEdge): string {
  return cut(guard === undefined ? label : `${label} [${guard}]`, LONGEST_LABEL)
}

/** A transition with all that belongs to it. */
export function inFull({ label, guard, actions }: ChartEdge): string {
  return `${label}${guard === undefined ? '' : ` [${guard}]`}${actions.length === 0 ? '' : ` / ${actions.join(', ')}`}`
}

/** How wide a text is where nothing can be measured: of letters as wide as most are, CJK and the like twice as wide. */
export const estimate: Measure = (text, style) => {
  const em = style === 'key' ? 7.6 : 6.7
  let width = 0
  for (const char of text) width += (char.codePointAt(0) ?? 0) >= 0x1100 ? 2 * em : em
  return width
}

function cut(text: string, length: number): string {
  const chars = [...text.replace(/\s+/g, ' ')]
  return chars.length <= length ? chars.join('') : `${chars.slice(0, length - 1).join('')}…`
}
