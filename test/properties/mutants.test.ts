// Deliberately broken rules, one at a time: the laws must catch each of them, or they are no laws.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HookCalls } from '../../src/kernel/hook-calls.js'
import { HookWork } from '../../src/kernel/hook-work.js'
import { IntensityWindow } from '../../src/policy/intensity.js'
import { startFrontier } from '../../src/policy/order.js'
import { Round } from '../../src/policy/round.js'
import { Transactions } from '../../src/policy/transactions.js'
import { scenarios } from '../../src/testing/arbitraries.js'
import { LawBroken } from '../../src/testing/law.js'
import { LAWS } from '../../src/testing/laws.js'
import { Roster } from '../../src/tree/roster.js'
import { search } from './check.js'
import { decides, restartWhileStopping } from './deciding.js'

const switches = vi.hoisted(() => ({ stopsInStartOrder: false, restartsTemporary: false }))

vi.mock('../../src/policy/order.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/policy/order.js')>()
  const stopFrontier: typeof original.stopFrontier = (slots, order) =>
    switches.stopsInStartOrder ? original.startFrontier(slots, order === 'none' ? 'declared' : order) : original.stopFrontier(slots, order)
  return { ...original, stopFrontier }
})

vi.mock('../../src/policy/verdict.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/policy/verdict.js')>()
  const fateOf: typeof original.fateOf = (restart, exit) =>
    switches.restartsTemporary && restart === 'temporary' ? 'restart' : original.fateOf(restart, exit)
  return { ...original, fateOf }
})

interface Mutant {
  readonly breaks: () => void
  /** The laws of which one is to catch it. */
  readonly laws: RegExp
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  'a stop goes in start order': {
    breaks: () => {
      switches.stopsInStartOrder = true
    },
    laws: /^L(1|11)$/,
  },
  'the ack comes before the stop hook has answered': {
    breaks: () => {
      vi.spyOn(HookCalls.prototype, 'call').mockImplementation(function (this: HookCalls, name, hook, handle, then) {
        const answer = this.enter(hook, handle)
        if (name !== 'stop' && answer instanceof Promise) return this.await(name, answer, then)
        if (answer instanceof Promise) answer.catch(() => {})
        then()
      })
    },
    laws: /^L(1|4|6)$/,
  },
  'a crash while everything stops is restarted': {
    breaks: restartWhileStopping,
    laws: /^L(2|3|4|7|8|11)$/,
  },
  'each child is given its own time, whatever is left': {
    breaks: () =>
      decides((decide, event, now) =>
        decide(event, now).map((command) =>
          command.type === 'stop' && typeof command.slot.spec.shutdownMs === 'number'
            ? { ...command, deadlineAt: now + command.slot.spec.shutdownMs }
            : command,
        ),
      ),
    laws: /^L5$/,
  },
  'a stop waits for back-offs': {
    breaks: () =>
      decides(function (decide, event, now) {
        const isWaiting = this.slots.list().some(({ phase }) => phase === 'backing-off')
        return isWaiting && (event.type === 'stop' || event.type === 'quiesce') ? [] : decide(event, now)
      }),
    laws: /^L(5|7|8|11)$/,
  },
  'a handle that comes after its incarnation was given up is kept': {
    breaks: () => {
      const { letGo } = HookWork.prototype
      vi.spyOn(HookWork.prototype, 'letGo').mockImplementation(function (this: HookWork) {
        // As if the start had been answered: its answer is not looked at any more.
        if (this.busy) Object.defineProperty(this.incarnation, 'status', { value: 'ready' })
        letGo.call(this)
      })
    },
    laws: /^L(3|4|6|14)$/,
  },
  'one restart more than allowed': {
    breaks: () => {
      const { admit } = IntensityWindow.prototype
      vi.spyOn(IntensityWindow.prototype, 'admit').mockImplementation(function (this: IntensityWindow, now) {
        return admit.call(this, now) || this.count(now) === this.max + 1
      })
    },
    laws: /^L10$/,
  },
  'one restart fewer than allowed': {
    breaks: () => {
      const { admit } = IntensityWindow.prototype
      vi.spyOn(IntensityWindow.prototype, 'admit').mockImplementation(function (this: IntensityWindow, now) {
        return admit.call(this, now) && this.count(now) < this.max
      })
    },
    laws: /^L10$/,
  },
  'a temporary child is restarted': {
    breaks: () => {
      switches.restartsTemporary = true
    },
    laws: /^L10$/,
  },
  'edges are stopped in their turn only': {
    breaks: () => {
      const { specOf } = Roster.prototype
      vi.spyOn(Roster.prototype, 'specOf').mockImplementation(function (this: Roster, place) {
        return { ...specOf.call(this, place), edge: false }
      })
    },
    laws: /^L1$/,
  },
  'a start is undone in start order': {
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
  'children start all at once': {
    breaks: () =>
      decides((decide, event, now) => {
        const commands = decide(event, now)
        const [first] = commands
        const next = first?.type === 'start' ? first.slot.after : undefined
        return event.type === 'boot' && next?.phase === 'empty' ? [...commands, { type: 'start', slot: next }] : commands
      }),
    laws: /^L(2|3|4)$/,
  },
  'the end of a back-off is not called off': {
    breaks: () => decides((decide, event, now) => decide(event, now).filter(({ type }) => type !== 'cancel-wait')),
    laws: /^L(7|11|14)$/,
  },
}

/** So many runs are enough for each of them; without a mutant none fails. */
const EXTENT = { runs: 4_000, seed: 20_264 }

afterEach(() => {
  vi.restoreAllMocks()
  switches.stopsInStartOrder = false
  switches.restartsTemporary = false
})

describe('the laws catch it when', () => {
  test.each(Object.entries(MUTANTS))('%s', { timeout: 60_000 }, async (_name, { breaks, laws }) => {
    breaks()
    const found = await search({ scenarios: scenarios(), laws: LAWS }, EXTENT)
    expect(found).toBeInstanceOf(LawBroken)
    expect(found instanceof LawBroken ? found.violation.law.id : '').toMatch(laws)
  })
})
