// The running tree as data, for people, probes and inspectors.
import type { Place } from './place.js'
import type { Roster, Status } from './roster.js'

/** One service of the running tree. */
export interface TreeNode {
  readonly id: string
  readonly address: string
  readonly kind: 'service' | 'supervisor'
  readonly status: Status
  /** 0 before the first start. */
  readonly incarnation: number
  readonly inFlight: number
  readonly children: readonly TreeNode[]
}

/** Takes a picture of a place and all below. */
export function viewOf(place: Place, roster: Roster): TreeNode {
  const incarnation = roster.current(place)
  return {
    id: place.id,
    address: place.address,
    kind: place.spec.kind,
    status: roster.statusOf(place),
    incarnation: incarnation?.incarnation ?? 0,
    inFlight: incarnation?.status === 'stopped' ? 0 : (incarnation?.work?.inFlight ?? 0),
    children: [...place.all()].map((child) => viewOf(child, roster)),
  }
}

/**
 * The tree as text, one line a service.
 *
 * @example
 * ```ts
 * import { createSystem, drawTree, service, supervisor } from 'quiesce'
 *
 * const db = service('db', { start: () => 'connected' })
 * const system = createSystem(supervisor('shop', { children: [db] }))
 * console.log(drawTree(system.tree()).includes('db  stopped')) // true
 * await system.start()
 * console.log(drawTree(system.tree()).includes('db  ready')) // true
 * await system.stop()
 * ```
 */
export function drawTree(node: TreeNode): string {
  const lines: string[] = []
  const draw = (current: TreeNode, head: string, indent: string): void => {
    const restarts = current.incarnation > 1 ? `  #${current.incarnation}` : ''
    const flight = current.inFlight > 0 ? `  ${current.inFlight} in flight` : ''
    lines.push(`${head}${current.id}  ${current.status}${restarts}${flight}`)
    current.children.forEach((child, index) => {
      const isLast = index === current.children.length - 1
      draw(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`)
    })
  }
  draw(node, '', '')
  return lines.join('\n')
}
