// A tree as boxes and arrows, before it is written in the language of a program that draws: who stands under whom, who uses whom, how
// each is restarted, and how it is now, where that is known.
import { addressAbove } from '../../base/address.js'
import { type Blueprint, everyBlueprint } from '../../policy/blueprint.js'

/** How each service is, by address. */
export type Statuses = ReadonlyMap<string, string>

/** One service or supervisor. */
export interface TreeBox {
  readonly address: string
  readonly id: string
  readonly kind: 'service' | 'supervisor'
  /** What is said of it, line by line. */
  readonly remarks: readonly string[]
  readonly status: string | undefined
  /** The addresses of its children. */
  readonly children: readonly string[]
  readonly uses: readonly string[]
}

/** How boxes of a status are drawn: a border that can be seen on white and on black. */
export const STATUS_COLORS: Readonly<Record<string, string>> = {
  starting: '#3b82f6',
  ready: '#16a34a',
  draining: '#d97706',
  'backing-off': '#dc2626',
  stopped: '#8b8b8b',
}

/** Every box of a tree, parents before children. What came at run time is counted in the box under which it came. */
export function boxesOf(root: Blueprint, statuses: Statuses): TreeBox[] {
  const all = everyBlueprint(root)
  const late = lateChildren(new Set(all.map(({ address }) => address)), statuses)
  return all.map((each) => {
    const { address, id, kind, children, uses } = each
    return {
      address,
      id,
      kind,
      remarks: [...remarksOn(each, each === root), ...countsOf(late.get(address) ?? [])],
      status: statuses.get(address),
      children: children.map((child) => child.address),
      uses: [...new Set(uses)],
    }
  })
}

function remarksOn({ kind, strategy, order, dynamic, restart, edge }: Blueprint, isRoot: boolean): string[] {
  const remarks: string[] = []
  if (kind === 'supervisor' && strategy !== undefined) remarks.push(order === 'graph' ? `${strategy}, order: graph` : strategy)
  if (dynamic) remarks.push('children come at run time')
  // Nobody restarts the root.
  if (!isRoot) remarks.push(edge ? `${restart}, edge` : restart)
  return remarks
}

/** The statuses of those that are not in the blueprint, by the address of the nearest that is. */
function lateChildren(known: ReadonlySet<string>, statuses: Statuses): Map<string, string[]> {
  const late = new Map<string, string[]>()
  for (const [address, status] of statuses) {
    if (known.has(address)) continue
    let above = address
    while (above !== '' && !known.has(above)) above = addressAbove(above)
    const statusesThere = late.get(above)
    if (statusesThere === undefined) late.set(above, [status])
    else statusesThere.push(status)
  }
  return late
}

function countsOf(statuses: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1)
  const parts = [...counts].map(([status, count]) => `${count} ${status}`)
  return parts.length === 0 ? [] : [`at run time: ${parts.join(', ')}`]
}
