// What becomes of a slot whose child is gone: its end is noted, its slot kept or let go.
import type { Exit } from '../protocol/exit.js'
import type { ReportContext } from '../protocol/fact.js'
import type { Commands } from './commands.js'
import type { Slot } from './slot.js'
import { isExpectedStop } from './verdict.js'

/** Writes a report about the child that a slot has, or had. */
export function report(context: ReportContext, slot: Slot, exit: Exit, out: Commands): void {
  out.push({ type: 'report', context, slot, exit, incarnation: slot.incarnation, retrying: slot.retrying })
}

/** Writes a report about a slot that had nobody when it happened. */
export function reportEmpty(context: ReportContext, slot: Slot, exit: Exit, out: Commands): void {
  out.push({ type: 'report', context, slot, exit, incarnation: undefined, retrying: false })
}

/** A slot that was asked to stop has ended: anything but the expected is reported, and nothing else follows from it. */
export function takeNote(slot: Slot, exit: Exit, out: Commands): void {
  const { restart, shutdownMs } = slot.spec
  slot.died = undefined
  if (!isExpectedStop(restart, exit, shutdownMs === 'brutal-kill')) report('shutdown_error', slot, exit, out)
}

/** Empties a slot without a living child: its end is taken note of, a wait for a restart is called off. */
export function vacate(slot: Slot, out: Commands): void {
  if (slot.phase === 'dead') {
    out.push({ type: 'found-dead', slot, incarnation: slot.incarnation })
    takeNote(slot, slot.died as Exit, out)
  }
  if (slot.phase === 'backing-off') out.push({ type: 'cancel-wait', slot })
  slot.phase = 'empty'
  slot.died = undefined
  slot.retrying = false
  slot.retryRange = undefined
}

/** Removes a slot that is not kept without a child: a temporary one, any of a dynamic supervisor. */
export function letGo(slot: Slot, out: Commands): void {
  if (slot.spec.restart === 'temporary' || slot.list?.dynamic === true) remove(slot, out)
}

export function remove(slot: Slot, out: Commands): void {
  if (slot.removed || slot.list === undefined) return
  slot.list.remove(slot)
  out.push({ type: 'forget', slot })
}
