// A supervision tree as a Mermaid flowchart.
import type { Blueprint } from '../../policy/blueprint.js'
import { MermaidIds, mermaidText } from './mermaid-words.js'
import { boxesOf, STATUS_COLORS, type Statuses } from './tree-graph.js'

/**
 * The tree as the text of a Mermaid `flowchart`: a line from each supervisor to its children, a dashed arrow from each service to what
 * it uses.
 *
 * @internal For the command `quiesce graph`.
 */
export function treeToMermaid(blueprint: Blueprint, statuses: Statuses = new Map()): string {
  const boxes = boxesOf(blueprint, statuses)
  const ids = new MermaidIds()
  for (const { address, id } of boxes) ids.give(address, id)
  const lines = ['flowchart TD']
  for (const { address, id, kind, remarks, status } of boxes) {
    const text = [id, ...(status === undefined ? [] : [status]), ...remarks].map(mermaidText).join('<br/>')
    const [open, close] = kind === 'supervisor' ? ['["', '"]'] : ['("', '")']
    lines.push(`  ${ids.of(address)}${open}${text}${close}`)
  }
  for (const { address, children } of boxes) for (const child of children) lines.push(`  ${ids.of(address)} --- ${ids.of(child)}`)
  for (const { address, uses } of boxes) for (const used of uses) lines.push(`  ${ids.of(address)} -. uses .-> ${ids.of(used)}`)
  for (const [status, color] of Object.entries(STATUS_COLORS)) {
    const those = boxes.filter((box) => box.status === status).map(({ address }) => ids.of(address))
    if (those.length > 0) lines.push(`  classDef is-${status} stroke:${color},stroke-width:3px`, `  class ${those.join(',')} is-${status}`)
  }
  return `${lines.join('\n')}\n`
}
