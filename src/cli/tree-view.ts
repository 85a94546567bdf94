// A tree as it was written, one line a service, at most 80 columns.
import { toWidth } from '../observe/report/text-width.js'
import type { Blueprint } from '../policy/blueprint.js'
import { WIDTH } from './text.js'

// More than that is no picture any more.
const LINES_AT_MOST = 60

/** Draws a tree: ids in its shape, and beside each what decides about its stop. */
export function drawBlueprint(root: Blueprint): string[] {
  const lines: string[] = []
  const draw = (node: Blueprint, head: string, indent: string): void => {
    const notes = notesOn(node, root.address)
    lines.push(toWidth(`${head}${node.id}${notes === '' ? '' : `  ${notes}`}`, WIDTH))
    node.children.forEach((child, index) => {
      const isLast = index === node.children.length - 1
      draw(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`)
    })
  }
  draw(root, '', '')
  if (lines.length <= LINES_AT_MOST) return lines
  return [...lines.slice(0, LINES_AT_MOST), `… and ${lines.length - LINES_AT_MOST} more`]
}

function notesOn({ kind, edge, uses, order, dynamic }: Blueprint, root: string): string {
  const notes = []
  if (edge) notes.push('edge')
  if (dynamic) notes.push('children come at run time')
  else if (kind === 'supervisor' && order === 'graph') notes.push('order: graph')
  // Every address begins with the root's: the rest tells them apart.
  if (uses.length > 0) notes.push(`uses ${uses.map((address) => address.slice(root.length + 1)).join(', ')}`)
  return notes.join(', ')
}
