// A supervisor's policy on a bench: children that ack at once unless told otherwise, and every command written down.
import type { Call, CallResult, Command, SupervisionEvent } from '../../src/policy/commands.js'
import { Slot } from '../../src/policy/slot.js'
import { Supervision } from '../../src/policy/supervision.js'
import { crash, type Exit, KILLED, SHUTDOWN } from '../../src/protocol/exit.js'
import {
  type ChildOptions,
  type ChildSpec,
  type DynamicOptions,
  Problems,
  readChildOptions,
  readSupervisorFlags,
  type SupervisorFlagOptions,
} from '../../src/protocol/spec.js'

/** A child of the bench. */
export interface Child extends ChildOptions {
  readonly kind?: ChildSpec['kind']
  /** Siblings that it is bound to. */
  readonly uses?: readonly string[]
  /** Siblings that it uses live. */
  readonly live?: readonly string[]
}

export function specOf({ kind = 'service', uses: _uses, live: _live, ...options }: Child): ChildSpec {
  const problems = new Problems()
  const spec = readChildOptions('child', options, kind, problems)
  if (problems.list.length > 0) throw new Error(problems.list.join('\n'))
  return spec
}

/** Runs one policy. */
export class Bench {
  readonly policy: Supervision
  readonly slots = new Map<string, Slot>()
  now = 0
  /** Commands since the last `taken`, one line each. */
  #lines: string[] = []
  readonly commands: Command[] = []
  readonly replies = new Map<number, CallResult>()
  /** Children whose start, or whose stop, does not answer by itself. */
  readonly slowStarts = new Set<string>()
  readonly slowStops = new Set<string>()
  /** How many starts of a child fail from now on. */
  readonly failingStarts = new Map<string, number>()
  readonly #incarnations = new Map<string, number>()
  readonly #queue: SupervisionEvent[] = []
  #number = 0

  constructor(children: Readonly<Record<string, Child>>, flags: SupervisorFlagOptions & DynamicOptions = {}, chance = () => 0) {
    const problems = new Problems()
    this.policy = new Supervision('sup', readSupervisorFlags('sup', flags, problems), chance)
    if (problems.list.length > 0) throw new Error(problems.list.join('\n'))
    for (const [id, child] of Object.entries(children)) this.policy.slots.append(this.#make(id, child))
    for (const [id, { uses = [], live = [] }] of Object.entries(children)) {
      for (const used of uses) this.slot(id).use(this.slot(used), true)
      for (const used of live) this.slot(id).use(this.slot(used), false)
    }
  }

  #make(id: string, child: Child): Slot {
    const slot = new Slot(id, specOf(child))
    this.slots.set(id, slot)
    return slot
  }

  slot(id: string): Slot {
    const slot = this.policy.slots.get(id) ?? this.slots.get(id)
    if (slot === undefined) throw new Error(`no slot ${id}`)
    return slot
  }

  /** Boots, and forgets the lines of it. */
  boot(): this {
    this.tell({ type: 'boot' })
    this.taken()
    return this
  }

  tell(event: SupervisionEvent): this {
    const decided: Command[] = []
    this.policy.decideInto(event, this.now, decided)
    for (const command of decided) {
      this.commands.push(command)
      this.#lines.push(lineOf(command))
      this.#answer(command)
    }
    return this
  }

  #answer(command: Command): void {
    if (command.type === 'go-on') this.#later({ type: 'go-on' })
    if (command.type === 'reply') this.replies.set(command.call, command.result)
    if (command.type === 'start' && !this.slowStarts.has(command.slot.id)) this.#start(command.slot)
    if ((command.type === 'stop' || command.type === 'kill') && !this.slowStops.has(command.slot.id)) {
      this.#later({ type: 'ended', slot: command.slot, exit: command.type === 'kill' ? KILLED : SHUTDOWN })
    }
  }

  #start(slot: Slot): void {
    const failing = this.failingStarts.get(slot.id) ?? 0
    this.failingStarts.set(slot.id, failing - 1)
    if (failing > 0) this.#later({ type: 'failed', slot, cause: `${slot.id} failed` })
    else this.#later(this.#started(slot))
  }

  #started(slot: Slot): SupervisionEvent {
    const incarnation = (this.#incarnations.get(slot.id) ?? 0) + 1
    this.#incarnations.set(slot.id, incarnation)
    return { type: 'started', slot, incarnation }
  }

  // One event after another, as the pump does it.
  #later(event: SupervisionEvent): void {
    this.#queue.push(event)
  }

  /** Lets the answers of the children come in, until nobody has anything to say. */
  settle(): this {
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) this.tell(event)
    return this
  }

  started(id: string): this {
    return this.tell(this.#started(this.slot(id))).settle()
  }

  failed(id: string): this {
    return this.tell({ type: 'failed', slot: this.slot(id), cause: `${id} failed` }).settle()
  }

  ended(id: string, exit: Exit): this {
    return this.tell({ type: 'ended', slot: this.slot(id), exit }).settle()
  }

  crash(id: string, cause: unknown = 'boom'): this {
    return this.ended(id, crash(cause))
  }

  retry(id: string): this {
    return this.tell({ type: 'retry', slot: this.slot(id) }).settle()
  }

  stop(deadlineAt = Number.POSITIVE_INFINITY): this {
    return this.tell({ type: 'stop', deadlineAt }).settle()
  }

  /** Makes a call; returns its number. */
  call(verb: 'terminate' | 'restart' | 'delete', id: string): number {
    this.#number += 1
    const call: Call = verb === 'terminate' ? { number: this.#number, verb, id, wasGiven: false } : { number: this.#number, verb, id }
    this.tell({ type: 'call', call }).settle()
    return this.#number
  }

  startChild(id: string, child: Child = {}): number {
    this.#number += 1
    this.tell({ type: 'call', call: { number: this.#number, verb: 'start', slot: this.#make(id, child) } }).settle()
    return this.#number
  }

  /** The lines since the last time. */
  taken(): string[] {
    this.settle()
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  /** The last command of a type about a child. */
  last<Type extends Command['type']>(type: Type, id: string): Extract<Command, { type: Type }> {
    const found = this.commands.findLast((command) => command.type === type && 'slot' in command && command.slot.id === id)
    if (found === undefined) throw new Error(`no ${type} of ${id}`)
    return found as Extract<Command, { type: Type }>
  }

  /** Where all slots stand. */
  phases(): Record<string, string> {
    return Object.fromEntries(this.policy.slots.list().map((slot) => [slot.id, slot.phase]))
  }
}

function lineOf(command: Command): string {
  const id = 'slot' in command ? ` ${command.slot.id}` : ''
  switch (command.type) {
    case 'report':
      return `report ${command.context}${id} ${reasonOf(command.exit)}`
    case 'restarting':
      return `restarting${id} ${command.count}`
    case 'wait':
      return `wait${id} ${command.delayMs}`
    case 'reply':
      return `reply ${command.result.ok ? 'ok' : command.result.reason}`
    case 'ending':
    case 'all-ended':
      return `${command.type} ${reasonOf(command.exit)}`
    default:
      return `${command.type}${id}`
  }
}

function reasonOf(exit: Exit): string {
  if (exit.reason !== 'crash') return exit.reason
  return exit.cause instanceof Error ? exit.cause.name : String(exit.cause)
}

/** A bench on which nobody ends by itself. */
export function slow(children: Readonly<Record<string, Child>>, flags: SupervisorFlagOptions = {}): Bench {
  const bench = new Bench(children, flags).boot()
  for (const id of Object.keys(children)) bench.slowStops.add(id)
  return bench
}
