// Who of a system lives still: incarnations that have not ended, and hooks that still run of those that were given up. It reads the tree
// and listens to facts; nobody else pays for it.
import { incarnationName } from '../base/address.js'
import type { System } from '../tree/system.js'
import type { TreeNode } from '../tree/tree-node.js'

/** The actors of some systems. */
export class LivingActors {
  readonly #systems = new Set<System>()
  readonly #given = new Set<string>()
  readonly #unlisten: (() => void)[] = []

  watch(system: System): void {
    if (this.#systems.has(system)) return
    this.#systems.add(system)
    const unlisten = system.on((fact) => {
      if (fact.type === 'stopped' && fact.ending.verdict === 'abandoned') this.#given.add(incarnationName(fact.address, fact.incarnation))
      if (fact.type === 'late-ack') this.#given.delete(incarnationName(fact.address, fact.incarnation))
    })
    this.#unlisten.push(unlisten)
  }

  /** Those that live, as `actor shop/db#1 (ready)`. */
  names(): string[] {
    const living = [...this.#systems].flatMap((system) => livingIn(system.tree()))
    return [...living, ...[...this.#given].map((name) => `actor ${name} (given up, a hook of it still runs)`)]
  }

  forget(): void {
    for (const unlisten of this.#unlisten) unlisten()
  }
}

function livingIn({ address, status, incarnation, children }: TreeNode): string[] {
  const own = status === 'stopped' ? [] : [`actor ${incarnationName(address, incarnation)} (${status})`]
  return [...own, ...children.flatMap(livingIn)]
}
