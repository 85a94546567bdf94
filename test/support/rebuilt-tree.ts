// Rebuilds who lives and in what state from XState's inspection events, as an inspector does: it knows nothing but what it is told.
import type { InspectionEvent, System } from '../../src/index.js'
import type { TreeNode } from '../../src/tree/tree-node.js'

interface Known {
  readonly id: string
  readonly parent: string | undefined
  status: string
  value: unknown
}

/** What one observer knows. */
export class RebuiltTree {
  readonly #actors = new Map<string, Known>()
  /** What cannot be: an actor that was never announced, or was announced twice, or whose parent was not. */
  readonly oddities: string[] = []

  hear(event: InspectionEvent): void {
    const { sessionId, id, _parent } = event.actorRef as unknown as { sessionId: string; id: string; _parent?: { sessionId: string } }
    if (event.type === '@xstate.actor') return this.announced({ sessionId, id, parent: _parent?.sessionId })
    if (event.type === '@xstate.snapshot') this.told(sessionId, event.snapshot)
  }

  announced({ sessionId, id, parent }: { readonly sessionId: string; readonly id: string; readonly parent: string | undefined }): void {
    if (this.#actors.has(sessionId)) this.oddities.push(`${id} was announced twice`)
    if (parent !== undefined && !this.#actors.has(parent)) this.oddities.push(`the parent of ${id} was not announced`)
    this.#actors.set(sessionId, { id, parent, status: 'not started', value: undefined })
  }

  told(sessionId: string, snapshot: unknown): void {
    const known = this.#actors.get(sessionId)
    if (known === undefined) return void this.oddities.push(`nobody announced ${sessionId}`)
    const { status, value } = snapshot as { status: string; value?: unknown }
    known.status = status
    known.value = value
  }

  /** Who lives, as `shop/db#1 ready in shop#1`, sorted. */
  living(): string[] {
    const living = [...this.#actors.values()].filter(({ status }) => status === 'active')
    return living.map(({ id, parent, value }) => lineOf(id, stateIn(value), this.#actors.get(parent ?? '')?.id)).sort()
  }
}

/** The same of the system itself; `users` are the actors of users that live, with their states. */
export function livingIn(system: Pick<System, 'tree'>, users: readonly string[] = []): string[] {
  const lines: string[] = [...users]
  const visit = ({ address, incarnation, state, children }: TreeNode, above: string | undefined): void => {
    const id = `${address}#${incarnation}`
    if (state !== 'stopped') lines.push(lineOf(id, state, above))
    for (const child of children) visit(child, id)
  }
  visit(system.tree(), undefined)
  return lines.sort()
}

function lineOf(id: string, state: string, parent: string | undefined): string {
  return `${id} ${state}${parent === undefined ? '' : ` in ${parent}`}`
}

// Of the lifecycle the innermost state, as the tree names it; of users' machines all of it.
function stateIn(value: unknown): string {
  const draining = (value as { draining?: unknown } | undefined)?.draining
  if (typeof draining === 'string') return draining
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '-')
}
