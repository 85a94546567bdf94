// The children of one supervisor that have begun and not ended: what the policy asks of a slot is asked of who lives there.
import type { Work } from '../kernel/birth.js'
import type { Incarnation } from '../kernel/incarnation.js'
import type { Command, StopCommand } from '../policy/commands.js'
import type { Slot } from '../policy/slot.js'
import type { SlotList } from '../policy/slot-list.js'

/** The work of a supervisor, as its own supervisor sees it. */
export interface SupervisingWork extends Work {
  /** Keeps so much of every reserve, when it is asked to stop. */
  keep(scale: number | undefined): void
  /** Drains its edges and those below, then calls `done`; nothing is restarted any more. */
  quiesce(deadlineAt: number, scale: number, done: () => void): void
  /** No more settling of its children, whatever it is doing itself. */
  hurry(): void
}

function supervising(incarnation: Incarnation | undefined): SupervisingWork | undefined {
  const work = incarnation?.work
  return work !== undefined && 'quiesce' in work ? (work as SupervisingWork) : undefined
}

/** The slot of a supervisor's child. */
export function slotOf(incarnation: Incarnation): Slot {
  return incarnation.seat as Slot
}

/** The incarnations of one supervisor. */
export class Living {
  readonly #slots: SlotList
  readonly #currentIn: (slot: Slot) => Incarnation | undefined
  #count = 0
  /** Those given up whose hooks still run. */
  #danglingCount = 0

  /** `currentIn` tells the latest incarnation in a slot, ended or not. */
  constructor(slots: SlotList, currentIn: (slot: Slot) => Incarnation | undefined) {
    this.#slots = slots
    this.#currentIn = currentIn
  }

  get count(): number {
    return this.#count
  }

  get inFlight(): number {
    let sum = 0
    for (let slot = this.#slots.first; slot !== undefined; slot = slot.after) sum += this.#in(slot)?.work?.inFlight ?? 0
    return sum
  }

  /** Whether anything of them still runs. */
  get busy(): boolean {
    return this.#danglingCount > 0 || this.#count > 0
  }

  enter(): void {
    this.#count += 1
  }

  /** It has ended; `torn` is called later if something of it still runs. */
  leave(incarnation: Incarnation, torn: () => void): void {
    this.#count -= 1
    if (incarnation.torn) return
    this.#danglingCount += 1
    incarnation.whenTorn(() => {
      this.#danglingCount -= 1
      torn()
    })
  }

  // --- what the policy asks for

  stop(command: StopCommand): void {
    const incarnation = this.#in(command.slot)
    supervising(incarnation)?.keep(command.scale)
    incarnation?.stop(command)
  }

  kill(command: Extract<Command, { type: 'kill' }>): void {
    this.#in(command.slot)?.kill(command)
  }

  /** Their supervisor was killed: a service goes down at once, a supervisor in order. */
  goDown({ slot, deadlineAt }: Extract<Command, { type: 'go-down' }>): void {
    const incarnation = this.#in(slot)
    if (slot.spec.kind === 'supervisor') incarnation?.goDown(deadlineAt)
    else incarnation?.kill(false)
  }

  hurry(slot: Slot): void {
    const incarnation = this.#in(slot)
    if (incarnation?.status === 'ready') supervising(incarnation)?.hurry()
    else incarnation?.hurry()
  }

  quiesce({ slot, deadlineAt, scale }: Extract<Command, { type: 'quiesce' }>, done: () => void): void {
    const work = supervising(this.#in(slot))
    if (work === undefined) done()
    else work.quiesce(deadlineAt, scale, done)
  }

  #in(slot: Slot): Incarnation | undefined {
    const incarnation = this.#currentIn(slot)
    return incarnation?.status === 'stopped' ? undefined : incarnation
  }
}
