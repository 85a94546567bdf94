// What a newcomer needs of the past besides the tree: in which states users' machines are, and how far a stop has come. Facts tell it
// once, and their ring forgets.
import type { Fact } from '../../protocol/fact.js'
import { everyNode, type TreeNode } from '../../tree/tree-node.js'
import { stopAfter } from '../picture/stop-so-far.js'
import type { MachineState, StopView } from './frames.js'
import { wireFact } from './wire.js'

/** Remembers it, fact by fact. */
export class ForNewcomers {
  readonly #machines = new Map<string, MachineState>()
  #stop: StopView | undefined

  hear(fact: Fact): void {
    switch (fact.type) {
      case 'transition':
        this.#machines.set(fact.address, { value: fact.value, event: fact.event, at: fact.at })
        return
      case 'starting':
      case 'stopped':
      case 'deleted':
        if (this.#machines.size > 0) this.#machines.delete(fact.address)
        return
      case 'shutdown-announced':
      case 'shutdown-started':
      case 'shutdown-ended':
      case 'phase-started':
      case 'phase-ended':
        this.#stop = stopAfter(this.#stop, wireFact(fact))
    }
  }

  /** The stop under way, or over; undefined before. */
  get stop(): StopView | undefined {
    return this.#stop
  }

  /** The states of the machines of a tree, by address. */
  machinesIn(tree: TreeNode): Readonly<Record<string, MachineState>> {
    const found: Record<string, MachineState> = {}
    if (this.#machines.size === 0) return found
    for (const { address, hasMachine } of everyNode(tree)) {
      const machine = hasMachine ? this.#machines.get(address) : undefined
      if (machine !== undefined) found[address] = machine
    }
    return found
  }

  forget(): void {
    this.#machines.clear()
  }
}
