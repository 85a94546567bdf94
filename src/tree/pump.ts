// Feeds a policy one event at a time and has its commands performed, all of one event before the next. What orders the end comes
// before what waits, so nothing starts after it; and after ten milliseconds in one turn others are let run.
import type { Env } from '../base/env.js'
import { Fifo } from '../base/fifo.js'
import type { Command, SupervisionEvent } from '../policy/commands.js'
import type { Slot } from '../policy/slot.js'
import type { Supervision } from '../policy/supervision.js'
import type { Stopped } from '../protocol/ack.js'
import { KILLED, SHUTDOWN } from '../protocol/exit.js'

const TURN_MS = 10
// The clock is looked at once in so many steps.
const STEPS = 16

/** The loop of one supervisor. */
export class Pump {
  readonly #env: Env
  readonly #policy: Supervision
  readonly #perform: (command: Command) => void
  readonly #events = new Fifo<SupervisionEvent>()
  readonly #urgent = new Fifo<SupervisionEvent>()
  readonly #commands = new Fifo<Command>()
  #running = false
  /** Whether it was told to end: what was asked for and has not begun does not begin any more. */
  #isEnding = false

  constructor(env: Env, policy: Supervision, perform: (command: Command) => void) {
    this.#env = env
    this.#policy = policy
    this.#perform = perform
  }

  tell(event: SupervisionEvent): void {
    if (!isOrder(event)) this.#events.push(event)
    else {
      this.#urgent.push(event)
      this.#isEnding ||= event.type !== 'hurry'
    }
    if (!this.#running) this.#run()
  }

  #run(): void {
    this.#running = true
    const { clock, yieldLoop } = this.#env
    const sinceAt = clock.now()
    for (let steps = 1; this.#step(); steps += 1) {
      if (steps % STEPS === 0 && clock.now() - sinceAt > TURN_MS) return yieldLoop(() => this.#run())
    }
    this.#running = false
  }

  #step(): boolean {
    const command = this.#commands.shift()
    if (command !== undefined) {
      if (this.#isEnding && command.type === 'start') this.tell(neverBegun(command.slot))
      else if (!this.#isEnding || !isOfRestart(command)) this.#perform(command)
      return true
    }
    const event = this.#urgent.shift() ?? this.#events.shift()
    if (event === undefined) return false
    this.#policy.decideInto(event, this.#env.clock.now(), this.#commands)
    return true
  }
}

/** The last word of a child, as its supervisor's policy is told. */
export function endOf(slot: Slot, { exit, unstarted }: Stopped): SupervisionEvent {
  if (unstarted === undefined) return { type: 'ended', slot, exit }
  return unstarted.how === 'ignored' ? { type: 'ignored', slot } : { type: 'failed', slot, cause: unstarted.error }
}

// The order comes first, so the policy has asked it to stop by then.
function neverBegun(slot: Slot): SupervisionEvent {
  slot.isUnbegun = true
  return { type: 'ended', slot, exit: slot.spec.shutdownMs === 'brutal-kill' ? KILLED : SHUTDOWN }
}

// What was decided in the same step as the end, and told after it, would be untrue.
function isOfRestart({ type }: Command): boolean {
  return type === 'restarting' || type === 'wait'
}

function isOrder({ type }: SupervisionEvent): boolean {
  return type === 'stop' || type === 'quiesce' || type === 'hurry' || type === 'kill'
}
