// A supervisor's life as its children: tells the policy what happened, performs what it asks for, one command after another.
import type { Timer } from '../base/clock.js'
import { describe, StartError } from '../base/errors.js'
import type { Owner, Work, World } from '../kernel/birth.js'
import { HookWork } from '../kernel/hook-work.js'
import { Incarnation } from '../kernel/incarnation.js'
import { reserveOf } from '../policy/budget.js'
import type { Command, SupervisionEvent } from '../policy/commands.js'
import { Slot } from '../policy/slot.js'
import { Supervision } from '../policy/supervision.js'
import type { Stopped } from '../protocol/ack.js'
import type { Exit } from '../protocol/exit.js'
import type { Place } from './place.js'
import type { Roster } from './roster.js'

// A start or a stop of many children lets others run after so much time in one turn.
const TURN_MS = 10

/** The work of one incarnation of a supervisor. */
export class SupervisorWork implements Work, Owner<Incarnation> {
  readonly #incarnation: Incarnation
  readonly #place: Place
  readonly #roster: Roster
  readonly #world: World
  readonly policy: Supervision
  readonly #places = new Map<Slot, Place>()
  readonly #slots = new Map<Incarnation, Slot>()
  readonly #waits = new Map<Slot, Timer>()
  readonly #events: SupervisionEvent[] = []
  #pumping = false
  #hasEnded = false
  #isEnding = false
  #onQuiesced: (() => void) | undefined
  #begunAt = 0
  /** Children given up whose hooks still run. */
  #dangling = 0

  constructor(incarnation: Incarnation, place: Place, roster: Roster) {
    this.#incarnation = incarnation
    this.#place = place
    this.#roster = roster
    this.#world = roster.world
    this.policy = new Supervision(place.address, place.flags as NonNullable<Place['flags']>, this.#world.env.random)
    const slots = new Map(place.children.map((child) => [child, new Slot(child.definition.id, roster.specOf(child))]))
    for (const [child, slot] of slots) {
      this.policy.slots.append(slot)
      this.#places.set(slot, child)
    }
    roster.connect(place, slots)
  }

  get inFlight(): number {
    let sum = 0
    for (const incarnation of this.#slots.keys()) sum += incarnation.work.inFlight
    return sum
  }

  get busy(): boolean {
    return this.#dangling > 0
  }

  // --- what the lifecycle asks for

  start(): void {
    this.#begunAt = this.#world.env.clock.now()
    this.#tell({ type: 'boot' })
  }

  abortStart(): void {
    this.#askToEnd()
  }

  refuse(): void {}

  settle(): void {
    this.#askToEnd()
  }

  abort(): void {
    this.#tell({ type: 'hurry' })
  }

  close(): void {
    if (this.#hasEnded) this.#incarnation.closed()
    else if (!this.#isEnding) this.#askToEnd()
  }

  letGo(): void {
    this.#tell({ type: 'kill' })
  }

  hasten(): void {
    if (this.#isEnding) this.#askToEnd()
  }

  #askToEnd(): void {
    this.#isEnding = true
    this.#tell({ type: 'stop', deadlineAt: this.#incarnation.deadlineAt })
  }

  /** Drains its edges and those below, then calls `done`; nothing is restarted any more. */
  quiesce(deadlineAt: number, scale: number, done: () => void): void {
    this.#onQuiesced = done
    this.#tell({ type: 'quiesce', deadlineAt, scale })
  }

  /** No more settling, while it is only draining its edges. */
  hurryEdges(): void {
    this.#tell({ type: 'hurry' })
  }

  // --- what its children tell

  started(incarnation: Incarnation): void {
    const slot = this.#slots.get(incarnation) as Slot
    this.#roster.becameReady(this.#placeOf(slot))
    this.#tell({ type: 'started', slot })
  }

  draining(incarnation: Incarnation): void {
    this.#roster.becameUnready(this.#placeOf(this.#slots.get(incarnation) as Slot))
  }

  stopped(incarnation: Incarnation, { exit, unstarted }: Stopped): void {
    const slot = this.#slots.get(incarnation) as Slot
    this.#slots.delete(incarnation)
    this.#roster.becameUnready(this.#placeOf(slot))
    slot.inner = undefined
    if (!incarnation.torn) this.#awaitTeardown(incarnation)
    if (unstarted === undefined) this.#tell({ type: 'ended', slot, exit })
    else if (unstarted.how === 'ignored') this.#tell({ type: 'ignored', slot })
    else this.#tell({ type: 'failed', slot, cause: unstarted.error })
  }

  #awaitTeardown(incarnation: Incarnation): void {
    this.#dangling += 1
    incarnation.whenTorn(() => {
      this.#dangling -= 1
      if (this.#dangling === 0) this.#incarnation.checkTeardown()
    })
  }

  // --- the policy, one event after another

  #tell(event: SupervisionEvent): void {
    this.#events.push(event)
    if (!this.#pumping) this.#pump(this.#world.env.clock.now())
  }

  #pump(sinceAt: number): void {
    this.#pumping = true
    const { clock, yieldLoop } = this.#world.env
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      const now = clock.now()
      for (const command of this.policy.decide(event, now)) this.#perform(command)
      if (now - sinceAt > TURN_MS && this.#events.length > 0) return yieldLoop(() => this.#pump(clock.now()))
    }
    this.#pumping = false
  }

  #perform(command: Command): void {
    switch (command.type) {
      case 'start':
        return this.#startChild(command.slot)
      case 'stop':
        return this.#living(command.slot)?.stop(command)
      case 'hurry':
        return this.#hurry(command.slot)
      case 'kill':
        return this.#living(command.slot)?.kill()
      case 'quiesce':
        return this.#quiesceChild(command)
      case 'wait':
        return this.#wait(command)
      case 'cancel-wait':
        this.#waits.get(command.slot)?.cancel()
        return this.#endWait(command.slot)
      case 'forget':
        this.#roster.left(this.#placeOf(command.slot))
        return void this.#places.delete(command.slot)
      case 'restarting':
      case 'report':
        return this.#note(command)
      case 'reply':
        return
      case 'booted':
        return this.#incarnation.started()
      case 'rolling-back':
        return this.#world.onEnding()
      case 'boot-failed':
        return this.#bootFailed(command.failures)
      case 'ending':
        return this.#endByItself(command.exit)
      case 'all-quiesced':
        return this.#onQuiesced?.()
      case 'all-ended':
        return this.#allEnded(command.exit)
    }
  }

  #startChild(slot: Slot): void {
    const place = this.#placeOf(slot)
    const { shutdownMs } = slot.spec
    const isSupervisor = slot.spec.kind === 'supervisor'
    const previous = this.#roster.current(place)
    const incarnation = new Incarnation({
      world: this.#world,
      address: place.address,
      number: (previous?.incarnation ?? 0) + 1,
      parent: this.#incarnation.actor,
      owner: this,
      previous: previous?.torn === false ? previous : undefined,
      closeMs: shutdownMs === 'brutal-kill' ? 0 : shutdownMs,
      patienceMs: isSupervisor ? Number.POSITIVE_INFINITY : (slot.spec.closeReserveMs ?? reserveOf(shutdownMs)),
      isTimed: !isSupervisor,
    })
    this.#slots.set(incarnation, slot)
    this.#roster.enter(place, incarnation)
    if (isSupervisor) {
      const work = new SupervisorWork(incarnation, place, this.#roster)
      slot.inner = work.policy
      incarnation.begin(work)
    } else incarnation.begin(new HookWork(incarnation, this.#roster.runnableOf(place)))
  }

  #living(slot: Slot): Incarnation | undefined {
    const place = this.#places.get(slot)
    const incarnation = place === undefined ? undefined : this.#roster.current(place)
    return incarnation?.status === 'stopped' ? undefined : incarnation
  }

  #hurry(slot: Slot): void {
    const incarnation = this.#living(slot)
    if (incarnation?.status === 'ready' && incarnation.work instanceof SupervisorWork) incarnation.work.hurryEdges()
    else incarnation?.hurry()
  }

  #quiesceChild({ slot, deadlineAt, scale }: Extract<Command, { type: 'quiesce' }>): void {
    const work = this.#living(slot)?.work
    const done = (): void => this.#tell({ type: 'quiesced', slot })
    if (work instanceof SupervisorWork) work.quiesce(deadlineAt, scale, done)
    else done()
  }

  #wait({ slot, attempt, delayMs }: Extract<Command, { type: 'wait' }>): void {
    const { clock } = this.#world.env
    const fire = (): void => {
      this.#endWait(slot)
      this.#tell({ type: 'retry', slot })
    }
    this.#waits.set(slot, clock.after(delayMs, fire, true))
    this.#roster.waiting.add(this.#placeOf(slot))
    const { facts } = this.#world
    if (!facts.heard) return
    facts.emit({ type: 'backing-off', at: clock.now(), address: this.#addressOf(slot), supervisor: this.#place.address, attempt, delayMs })
  }

  #endWait(slot: Slot): void {
    this.#waits.delete(slot)
    this.#roster.waiting.delete(this.#placeOf(slot))
  }

  // --- its own ends

  #bootFailed(failures: Extract<Command, { type: 'boot-failed' }>['failures']): void {
    this.#hasEnded = true
    const tookMs = this.#world.env.clock.now() - this.#begunAt
    const errors = failures.map(({ slot, cause }) => startErrorOf(this.#addressOf(slot), tookMs, cause))
    const cause = errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(describe).join('; '))
    this.#incarnation.startFailed({ how: 'failed', error: new StartError(this.#place.address, tookMs, cause) })
  }

  #endByItself(exit: Exit): void {
    this.#isEnding = true
    const { facts, env } = this.#world
    if (exit.reason === 'crash' && facts.heard)
      facts.emit({ type: 'gave-up', at: env.clock.now(), address: this.#place.address, error: exit.cause })
    this.#incarnation.end(exit)
  }

  #allEnded(exit: Exit): void {
    this.#hasEnded = true
    switch (this.#incarnation.status) {
      case 'settling':
        return this.#incarnation.settled()
      case 'closing':
        return this.#incarnation.closed()
      default:
        return this.#incarnation.startFailed({ how: 'failed', error: exit.reason === 'crash' ? exit.cause : undefined })
    }
  }

  #note(command: Extract<Command, { type: 'report' | 'restarting' }>): void {
    const { facts, env } = this.#world
    if (!facts.heard) return
    const about = { at: env.clock.now(), address: this.#addressOf(command.slot), supervisor: this.#place.address }
    if (command.type === 'report') return facts.emit({ ...about, type: 'report', context: command.context, exit: command.exit })
    const { max, withinMs } = (this.#place.flags as NonNullable<Place['flags']>).intensity
    const cause = command.exit.reason === 'crash' ? command.exit.cause : command.exit.reason
    facts.emit({ ...about, type: 'restarting', count: command.count, max, withinMs, cause })
  }

  #placeOf(slot: Slot): Place {
    return this.#places.get(slot) as Place
  }

  #addressOf(slot: Slot): string {
    return `${this.#place.address}/${slot.id}`
  }
}

function startErrorOf(address: string, tookMs: number, cause: unknown): unknown {
  return cause instanceof StartError && cause.address === address ? cause : new StartError(address, tookMs, cause)
}
