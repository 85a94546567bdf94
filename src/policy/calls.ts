// The API of a supervisor, call by call, with OTP's answers.
import type { Call, CallResult, Command } from './commands.js'
import { startFrontier, stopFrontier } from './order.js'
import { type Purpose, Round } from './round.js'
import type { Slot, SlotList } from './slot.js'

/** Answers a call at once, or returns the round that will. */
export function answerCall(slots: SlotList, call: Call, out: Command[]): Round | undefined {
  const slot = slots.get(call.id)
  const reply = (result: CallResult): undefined => void out.push({ type: 'reply', call: call.number, result })
  if (call.verb === 'start') {
    if (slot !== undefined) return reply({ ok: false, error: slot.occupied ? 'already_started' : 'already_present' })
    const added = call.slot as Slot
    slots.append(added)
    return startRound({ name: 'start-call', about: added, call: call.number, added: true }, added)
  }
  if (slot === undefined) return reply({ ok: false, error: 'not_found' })
  if (call.verb === 'terminate') {
    const purpose: Purpose = { name: 'stop-call', about: slot, call: call.number, added: false }
    return new Round(purpose, [], stopFrontier([slot], 'declared'), startFrontier([], 'declared'))
  }
  if (slot.phase === 'restarting' || slot.phase === 'backing-off') return reply({ ok: false, error: 'restarting' })
  if (slot.phase !== 'empty') return reply({ ok: false, error: 'running' })
  if (call.verb === 'restart') return startRound({ name: 'start-call', about: slot, call: call.number, added: false }, slot)
  slots.remove(slot)
  out.push({ type: 'forget', slot })
  return reply({ ok: true, slot: undefined })
}

function startRound(purpose: Purpose, slot: Slot): Round {
  return new Round(purpose, [slot], stopFrontier([], 'declared'), startFrontier([slot], 'declared'))
}
