// The API of a supervisor, call by call, with OTP's answers.
import type { Call, CallResult, ChildCounts, ChildState, Commands, Refusal } from './commands.js'
import { type Order, startFrontier, stopFrontier } from './order.js'
import { Round } from './round.js'
import type { Slot } from './slot.js'
import type { SlotList } from './slot-list.js'
import type { Strategy } from './strategies/strategy.js'
import { remove } from './vacancy.js'

/** What a supervisor goes by. */
interface Terms {
  readonly maxChildren: number
  readonly strategy: Strategy
  readonly order: Order
}

/** Answers a call at once, or returns the round that will. */
export function answerCall(slots: SlotList, { maxChildren, strategy, order }: Terms, call: Call, out: Commands): Round | undefined {
  const reply = (result: CallResult): undefined => void out.push({ type: 'reply', call: call.number, result })
  switch (call.verb) {
    case 'children':
      return reply({ ok: true, children: listChildren(slots) })
    case 'count':
      return reply({ ok: true, counts: countChildren(slots) })
    case 'start': {
      const refusal = refuseStart(slots, maxChildren, call.slot)
      if (refusal !== undefined) {
        out.push({ type: 'forget', slot: call.slot })
        return reply({ ok: false, reason: refusal })
      }
      slots.append(call.slot)
      return startCall(call.slot, call.number, true)
    }
    case 'terminate':
      return terminate(slots, call, reply)
    case 'renew': {
      const slot = slots.get(call.id)
      const refusal = slots.dynamic ? 'simple_one_for_one' : slot === undefined ? 'not_found' : refuseWaiting(slot)
      if (slot === undefined || refusal !== undefined) return reply({ ok: false, reason: refusal ?? 'not_found' })
      return renewCall(slot, strategy.range(slots, slot), call.number, order)
    }
    default: {
      const slot = slots.get(call.id)
      const refusal = slots.dynamic ? 'simple_one_for_one' : slot === undefined ? 'not_found' : refuseEmptyOnly(slot)
      if (slot === undefined || refusal !== undefined) return reply({ ok: false, reason: refusal ?? 'not_found' })
      if (call.verb === 'restart') return startCall(slot, call.number, false)
      remove(slot, out)
      return reply({ ok: true })
    }
  }
}

function refuseStart(slots: SlotList, maxChildren: number, added: Slot): Refusal | undefined {
  const present = slots.get(added.id)
  if (present !== undefined) return present.occupied ? 'already_started' : 'already_present'
  return slots.size >= maxChildren ? 'max_children' : undefined
}

function refuseEmptyOnly(slot: Slot): Refusal | undefined {
  return refuseWaiting(slot) ?? (slot.phase === 'empty' ? undefined : 'running')
}

function refuseWaiting({ phase }: Slot): Refusal | undefined {
  return phase === 'restarting' || phase === 'backing-off' ? 'restarting' : undefined
}

type Reply = (result: CallResult) => undefined

// A dynamic child that is gone may be stopped again and again; what is no instance's id names the template.
function terminate(slots: SlotList, { id, number, wasGiven }: Extract<Call, { verb: 'terminate' }>, reply: Reply): Round | undefined {
  const slot = slots.get(id)
  if (slot !== undefined) return stopCall(slot, number)
  if (!slots.dynamic) return reply({ ok: false, reason: 'not_found' })
  if (!id.includes('@')) return reply({ ok: false, reason: 'simple_one_for_one' })
  return reply(wasGiven ? { ok: true } : { ok: false, reason: 'not_found' })
}

function stopCall(slot: Slot, call: number): Round {
  return new Round({ name: 'stop-call', about: slot, call }, { range: [slot], stops: stopFrontier([slot], 'declared') })
}

function startCall(slot: Slot, call: number, added: boolean): Round {
  return new Round({ name: 'start-call', about: slot, call, added }, { range: [slot], starts: startFrontier([slot], 'declared') })
}

// Temporary ones that it stops on the way have had their only start.
function renewCall(about: Slot, range: readonly Slot[], call: number, order: Order): Round {
  const stops = range.filter(({ occupied }) => occupied)
  const starts = range.filter((slot) => slot === about || !(slot.occupied && slot.spec.restart === 'temporary'))
  const plan = { range: starts, stops: stopFrontier(stops, order), starts: startFrontier(starts, order) }
  return new Round({ name: 'renew-call', about, call }, plan)
}

// Newest first, as OTP does.
function listChildren(slots: SlotList): ChildState[] {
  const children: ChildState[] = []
  for (let slot = slots.last; slot !== undefined; slot = slot.before) children.push({ slot, phase: slot.phase })
  return children
}

function countChildren(slots: SlotList): ChildCounts {
  let active = 0
  let supervisors = 0
  for (let slot = slots.first; slot !== undefined; slot = slot.after) {
    if (slot.occupied && slot.phase !== 'dead') active += 1
    if (slot.spec.kind === 'supervisor') supervisors += 1
  }
  return { specs: slots.dynamic ? 1 : slots.size, active, supervisors, workers: slots.size - supervisors }
}
