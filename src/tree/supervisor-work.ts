// A supervisor's life as its children: tells the policy what happened, performs what it asks for. Nothing is decided here.
import type { Owner, Vitals } from '../kernel/birth.js'
import { HookWork } from '../kernel/hook-work.js'
import { Incarnation } from '../kernel/incarnation.js'
import type { Command } from '../policy/commands.js'
import type { Slot } from '../policy/slot.js'
import { Supervision } from '../policy/supervision.js'
import type { Stopped } from '../protocol/ack.js'
import type { Exit } from '../protocol/exit.js'
import type { SupervisorFlags } from '../protocol/spec.js'
import { childBirth } from './births.js'
import { bootError, callInit } from './boot.js'
import { Calls } from './calls.js'
import { Family } from './family.js'
import { Living, type SupervisingWork, slotOf } from './living.js'
import { Operations } from './operations.js'
import type { Place } from './place.js'
import { endOf, Pump } from './pump.js'
import type { Roster } from './roster.js'
import { noteChild, noteGaveUp } from './supervisor-notes.js'
import { Waits } from './waits.js'

/** The work of one incarnation of a supervisor. */
export class SupervisorWork implements SupervisingWork, Owner<Incarnation> {
  readonly #incarnation: Incarnation
  readonly #place: Place
  readonly #roster: Roster
  readonly policy: Supervision
  readonly #family: Family
  readonly #pump: Pump
  readonly #calls: Calls
  readonly #operations: Operations
  readonly #waits: Waits
  readonly #living: Living
  #hasEnded = false
  #isEnding = false
  #onQuiesced: (() => void) | undefined
  #begunAt = 0
  /** The share of every reserve that is kept, as decided above. */
  #scale: number | undefined

  constructor(incarnation: Incarnation, place: Place, roster: Roster) {
    this.#incarnation = incarnation
    this.#place = place
    this.#roster = roster
    const { env } = roster.world
    this.policy = new Supervision(place.address, place.flags as SupervisorFlags, env.random)
    this.#family = new Family(place, roster, this.policy.slots)
    this.#living = new Living(this.policy.slots, (slot) => this.#family.placeOf(slot).incarnation)
    this.#pump = new Pump(env, this.policy, (command) => this.#perform(command))
    this.#calls = new Calls(place.address)
    this.#operations = new Operations(place, roster, this.#family, (call) =>
      this.#calls.make(call, (numbered) => this.#pump.tell({ type: 'call', call: numbered })),
    )
    this.#waits = new Waits(place.address, this.#family, roster, (slot) => this.#pump.tell({ type: 'retry', slot }))
  }

  get inFlight(): number {
    return this.#living.inFlight
  }

  vitals(): Vitals {
    const { window } = this.policy.ledger
    return { restarts: { count: window.count(this.#roster.world.env.clock.now()), max: window.max, withinMs: window.withinMs } }
  }

  get busy(): boolean {
    return this.#living.busy
  }

  get lastChild(): Slot | undefined {
    return this.policy.ending?.lastEnded
  }

  // --- what the lifecycle asks for

  start(): void {
    this.#begunAt = this.#roster.world.env.clock.now()
    this.#roster.open(this.#place, this.#operations)
    const unstarted = callInit(this.#place, this.#incarnation)
    if (unstarted === undefined) return this.#pump.tell({ type: 'boot' })
    this.#close()
    this.#incarnation.startFailed(unstarted)
  }

  abortStart(): void {
    this.#askToEnd()
  }

  refuse(): void {}

  settle(): void {
    this.#askToEnd()
  }

  abort(): void {
    this.#pump.tell({ type: 'hurry' })
  }

  close(): void {
    if (this.#hasEnded) this.#incarnation.closed()
    else if (!this.#isEnding) this.#askToEnd()
  }

  letGo(): void {
    this.#hasEnded = true
    this.#pump.tell({ type: 'kill', deadlineAt: this.#incarnation.deadlineAt })
    this.#close()
  }

  hasten(): void {
    if (this.#isEnding) this.#askToEnd()
  }

  #askToEnd(): void {
    this.#isEnding = true
    this.#pump.tell({ type: 'stop', deadlineAt: this.#incarnation.deadlineAt, scale: this.#scale })
  }

  keep(scale: number | undefined): void {
    this.#scale = scale
  }

  quiesce(deadlineAt: number, scale: number, done: () => void): void {
    this.#onQuiesced = done
    this.#pump.tell({ type: 'quiesce', deadlineAt, scale })
  }

  hurry(): void {
    this.#pump.tell({ type: 'hurry' })
  }

  // --- what its children tell

  started(incarnation: Incarnation): void {
    const slot = slotOf(incarnation)
    this.#roster.becameReady(this.#family.placeOf(slot))
    this.#pump.tell({ type: 'started', slot, incarnation: incarnation.incarnation })
  }

  draining(incarnation: Incarnation): void {
    const slot = slotOf(incarnation)
    this.#roster.becameUnready(this.#family.placeOf(slot))
    if (slot.phase === 'running') this.#pump.tell({ type: 'dying', slot })
  }

  stopped(incarnation: Incarnation, stopped: Stopped): void {
    const slot = slotOf(incarnation)
    const place = this.#family.placeOf(slot)
    this.#living.leave(incarnation, () => this.#noticeTornDown())
    this.#roster.becameUnready(place)
    slot.inner = undefined
    if (stopped.unstarted?.how === 'ignored') this.#roster.dismiss(place)
    this.#pump.tell(endOf(slot, stopped))
    this.#noticeTornDown()
  }

  // It may have been given up before the last of its children was.
  #noticeTornDown(): void {
    if (!this.#hasEnded) return
    if (this.#living.count === 0) this.#family.forgetAdded()
    if (!this.busy) this.#incarnation.checkTeardown()
  }

  // --- what the policy asks for

  #perform(command: Command): void {
    switch (command.type) {
      case 'start':
        return this.#startChild(command.slot)
      case 'stop':
        return this.#living.stop(command)
      case 'hurry':
        return this.#living.hurry(command.slot)
      case 'kill':
        return this.#living.kill(command)
      case 'go-down':
        return this.#living.goDown(command)
      case 'quiesce':
        return this.#living.quiesce(command, () => this.#pump.tell({ type: 'quiesced', slot: command.slot }))
      case 'wait':
        return this.#waits.begin(command)
      case 'cancel-wait':
        return this.#waits.cancel(command.slot)
      case 'forget':
        return this.#family.forget(command.slot)
      case 'reply':
        return this.#calls.settle(command.call, command.result)
      case 'go-on':
        return this.#pump.tell(command)
      case 'found-dead':
      case 'report':
      case 'restarting':
        return noteChild(this.#roster.world, this.#place, command)
      case 'booted':
        return this.#incarnation.started()
      case 'rolling-back':
        return this.#roster.world.onEnding(this.#place.address)
      case 'edges-drained':
        return this.#roster.world.onEdgesDrained(this.#place.address)
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
    const place = this.#family.placeOf(slot)
    this.#family.join(place)
    const incarnation = new Incarnation(childBirth(slot, place, this.#incarnation, this))
    this.#living.enter()
    this.#roster.enter(place, incarnation)
    if (slot.spec.kind === 'supervisor') {
      const work = new SupervisorWork(incarnation, place, this.#roster)
      slot.inner = work.policy
      incarnation.begin(work)
    } else incarnation.begin(new HookWork(incarnation, this.#roster.runnableOf(place)))
  }

  // --- its own ends

  #bootFailed(failures: Extract<Command, { type: 'boot-failed' }>['failures']): void {
    this.#close()
    const error = bootError(this.#place.address, this.#roster.world.env.clock.now() - this.#begunAt, failures)
    this.#incarnation.startFailed({ how: 'failed', error })
  }

  #endByItself(exit: Exit): void {
    this.#isEnding = true
    noteGaveUp(this.#roster.world, this.#place, exit)
    this.#incarnation.end(exit)
  }

  #allEnded(exit: Exit): void {
    this.#close()
    const { status } = this.#incarnation
    if (status === 'settling') return this.#incarnation.settled()
    if (status === 'closing') return this.#incarnation.closed()
    const error = exit.reason === 'crash' ? exit.cause : new Error('it ended by itself before it had started')
    this.#incarnation.startFailed({ how: 'failed', error })
  }

  #close(): void {
    this.#hasEnded = true
    this.#roster.close(this.#place, this.#operations)
    if (this.#living.count === 0) this.#family.forgetAdded()
  }
}
