// A supervision tree in DOT, the language of Graphviz.
import type { Blueprint } from '../../policy/blueprint.js'
import { boxesOf, STATUS_COLORS, type Statuses } from './tree-graph.js'

/**
 * The tree as a DOT `digraph`: a line from each supervisor to its children, a dashed arrow from each service to what it uses. Nodes are
 * named by their addresses.
 *
 * @internal For the command `quiesce graph`.
 */
export function treeToDot(blueprint: Blueprint, statuses: Statuses = new Map()): string {
  const boxes = boxesOf(blueprint, statuses)
  const lines = [
    `digraph ${quoted(blueprint.address)} {`,
    '  node [shape=box, fontname="Helvetica", fontsize=11]',
    '  edge [fontname="Helvetica", fontsize=9, arrowhead=none]',
  ]
  for (const { address, id, kind, remarks, status } of boxes) {
    const label = [id, ...(status === undefined ? [] : [status]), ...remarks].map(escaped).join('\\n')
    const style = kind === 'service' ? ', style=rounded' : ''
    const color = status === undefined ? undefined : STATUS_COLORS[status]
    const border = color === undefined ? '' : `, color="${color}", penwidth=2`
    lines.push(`  ${quoted(address)} [label="${label}"${style}${border}]`)
  }
  for (const { address, children } of boxes) for (const child of children) lines.push(`  ${quoted(address)} -> ${quoted(child)}`)
  for (const { address, uses } of boxes)
    for (const used of uses)
      lines.push(`  ${quoted(address)} -> ${quoted(used)} [label="uses", style=dashed, arrowhead=vee, constraint=false]`)
  return `${[...lines, '}'].join('\n')}\n`
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

// In a label a backslash begins an escape; twice it is itself, there and in a name. HTML is read in both.
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;')
}
