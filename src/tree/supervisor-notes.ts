// Facts that a supervisor tells of its children, built only while somebody listens.
import type { World } from '../kernel/birth.js'
import type { Command, ReportCommand } from '../policy/commands.js'
import type { Exit } from '../protocol/exit.js'
import type { SupervisorFlags } from '../protocol/spec.js'
import type { Place } from './place.js'

type Note = Extract<Command, { type: 'report' | 'restarting' | 'found-dead' }>

/** It tells something about one of its children. */
export function noteChild(world: World, place: Place, command: Note): void {
  if (!world.facts.hears(command.type === 'found-dead' ? 'stop-requested' : command.type)) return
  if (command.type === 'report') noteReport(world, place, command)
  else if (command.type === 'restarting') noteRestarting(world, place, command)
  else noteFoundDead(world, place, command)
}

// It wrote a report about a child.
function noteReport({ facts, env }: World, { address }: Place, command: ReportCommand): void {
  const { context, exit, incarnation, retrying, slot } = command
  const about = { at: env.clock.now(), address: `${address}/${slot.id}`, supervisor: address }
  facts.emit({ ...about, type: 'report', context, exit, incarnation, retrying })
}

// It restarts a child, or the group of one.
function noteRestarting({ facts, env }: World, place: Place, command: Extract<Command, { type: 'restarting' }>): void {
  const { max, withinMs } = (place.flags as SupervisorFlags).intensity
  const { count, exit, slot } = command
  const cause = exit.reason === 'crash' ? exit.cause : exit.reason
  const about = { at: env.clock.now(), address: `${place.address}/${slot.id}`, supervisor: place.address }
  facts.emit({ ...about, type: 'restarting', count, max, withinMs, cause })
}

// It asked a child to stop that had died already.
function noteFoundDead({ facts, env }: World, { address }: Place, command: Extract<Command, { type: 'found-dead' }>): void {
  const { slot, incarnation } = command
  if (incarnation === undefined) return
  const by = slot.spec.shutdownMs === 'brutal-kill' ? 'kill' : 'shutdown'
  facts.emit({ type: 'stop-requested', at: env.clock.now(), address: `${address}/${slot.id}`, incarnation, by })
}

/** It ends because of too many restarts. */
export function noteGaveUp({ facts, env }: World, { address }: Place, exit: Exit): void {
  if (exit.reason === 'crash' && facts.hears('gave-up')) facts.emit({ type: 'gave-up', at: env.clock.now(), address, error: exit.cause })
}

/** A place is no longer in the tree, nor is anything below it. */
export function noteDeleted({ facts, env }: World, { address }: Place): void {
  if (facts.hears('deleted')) facts.emit({ type: 'deleted', at: env.clock.now(), address })
}
