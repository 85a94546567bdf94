// Mutants of who goes first: starts, stops, edges, and what is undone.
import { vi } from 'vitest'
import { startFrontier } from '../../src/policy/order.js'
import { Round } from '../../src/policy/round.js'
import { Transactions } from '../../src/policy/transactions.js'
import { Roster } from '../../src/tree/roster.js'
import { decides } from './deciding.js'
import type { Mutant } from './mutant.js'
import { switches } from './seams.js'

export const ordering: readonly Mutant[] = [
  {
    name: 'a stop goes in start order',
    breaks: () => {
      switches.stopsInStartOrder = true
    },
    laws: /^L(1|11)$/,
  },
  {
    name: 'a stop along the graph goes one by one',
    breaks: () => {
      switches.stopsOneByOne = true
    },
    laws: /^L11$/,
  },
  {
    name: 'edges are stopped in their turn only',
    breaks: () => {
      const { specOf } = Roster.prototype
      vi.spyOn(Roster.prototype, 'specOf').mockImplementation(function (this: Roster, place) {
        return { ...specOf.call(this, place), edge: false }
      })
    },
    laws: /^L1$/,
  },
  {
    name: 'a start is undone in start order',
    breaks: () => {
      const { begin } = Transactions.prototype
      let slots: readonly Round['range'][number][] = []
      decides(function (decide, event, now) {
        slots = this.slots.list()
        return decide(event, now)
      })
      vi.spyOn(Transactions.prototype, 'begin').mockImplementation(function (this: Transactions, round, out, now) {
        const isRollback = round.purpose.name === 'rollback'
        const plan = { range: slots, stops: startFrontier(slots, 'declared') }
        begin.call(this, isRollback ? new Round({ name: 'rollback' }, plan) : round, out, now)
      })
    },
    laws: /^L1$/,
  },
  {
    name: 'along the graph, all start at once',
    breaks: () => {
      switches.startsInAnyOrder = true
    },
    laws: /^L2$/,
  },
  {
    name: 'in the declared order, the second starts with the first',
    breaks: () =>
      decides((decide, event, now) => {
        const commands = decide(event, now)
        const [first] = commands
        const next = first?.type === 'start' ? first.slot.after : undefined
        return event.type === 'boot' && next?.phase === 'empty' ? [...commands, { type: 'start', slot: next }] : commands
      }),
    laws: /^L(1|2|3|4)$/,
  },
]
