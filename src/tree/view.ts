// Takes pictures of the running tree, as data and as text.
import type { Place } from './place.js'
import type { Roster } from './roster.js'
import type { TreeNode } from './tree-node.js'

/** Takes a picture of a place and all below. */
export function viewOf(place: Place, roster: Roster): TreeNode {
  const incarnation = roster.current(place)
  const work = incarnation?.status === 'stopped' ? undefined : incarnation?.work
  const { spec, flags, definition } = place
  return {
    id: place.id,
    address: place.address,
    kind: spec.kind,
    status: roster.statusOf(place),
    state: incarnation?.status ?? 'stopped',
    incarnation: incarnation?.incarnation ?? 0,
    predecessor: incarnation?.predecessor,
    inFlight: work?.inFlight ?? 0,
    ...work?.vitals?.(),
    refused: place.ownRefusals && { ...place.ownRefusals },
    restart: spec.restart,
    edge: roster.specOf(place).edge,
    dynamic: flags?.dynamic === true,
    strategy: flags?.strategy,
    uses: place.uses.map(({ target }) => target.address),
    hasMachine: definition.logic !== undefined,
    leader: definition.face === undefined ? undefined : leadershipAt(place, roster),
    children: [...place.all()].map((child) => viewOf(child, roster)),
  }
}

// A leader's handle tells; while it has none it does not lead.
function leadershipAt(place: Place, roster: Roster): TreeNode['leader'] {
  const candidate = place.children.find(({ id }) => id === place.definition.face)
  const isThere = candidate?.incarnation?.status === 'ready' || candidate?.incarnation?.status === 'settling'
  const { leading = false, term } = isThere ? (roster.handleOf(place) as { leading?: boolean; term?: bigint }) : {}
  return { leading, term: term === undefined ? undefined : String(term) }
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
