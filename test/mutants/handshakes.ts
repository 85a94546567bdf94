// Mutants of the handshakes of one life: acks, late answers, permits, hurries, aborts, and what a stop must not wait for.
import { vi } from 'vitest'
import { HookCalls } from '../../src/kernel/hook-calls.js'
import { HookWork } from '../../src/kernel/hook-work.js'
import { Incarnation } from '../../src/kernel/incarnation.js'
import { Provisions } from '../../src/kernel/provisions.js'
import { StartWatch } from '../../src/kernel/start-watch.js'
import { Stepper } from '../../src/kernel/stepper.js'
import { StopRound } from '../../src/policy/stop-round.js'
import { SupervisorWork } from '../../src/tree/supervisor-work.js'
import { decides, restartWhileStopping } from './deciding.js'
import type { Mutant } from './mutant.js'

export const handshakes: readonly Mutant[] = [
  {
    name: 'the ack comes before the stop hook has answered',
    breaks: () => {
      vi.spyOn(HookCalls.prototype, 'call').mockImplementation(function (this: HookCalls, name, hook, handle, then) {
        let answer: unknown
        try {
          answer = this.enter(hook, handle)
        } catch (error) {
          this.noteError(name, error)
        }
        if (name !== 'stop' && answer instanceof Promise) return this.await(name, answer, then)
        if (answer instanceof Promise) answer.catch(() => {})
        then()
      })
    },
    laws: /^L6$/,
  },
  {
    name: 'a handle that comes after its incarnation was given up is kept',
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
  {
    name: 'the late ack of an old incarnation is taken for the end of the new one',
    breaks: () => {
      type Told = Parameters<SupervisorWork['stopped']>[1]
      const endings = new WeakMap<Incarnation, { readonly supervisor: SupervisorWork; readonly told: Told }>()
      const { stopped } = SupervisorWork.prototype
      vi.spyOn(SupervisorWork.prototype, 'stopped').mockImplementation(function (this: SupervisorWork, incarnation, told) {
        if (incarnation.work.busy) endings.set(incarnation, { supervisor: this, told })
        stopped.call(this, incarnation, told)
      })
      const { checkTeardown } = Incarnation.prototype
      vi.spyOn(Incarnation.prototype, 'checkTeardown').mockImplementation(function (this: Incarnation) {
        checkTeardown.call(this)
        const ending = this.work.busy ? undefined : endings.get(this)
        endings.delete(this)
        if (ending !== undefined) stopped.call(ending.supervisor, this, ending.told)
      })
    },
    laws: /^L(1|3|4|7|10|11)$/,
  },
  {
    name: 'a crash while everything stops is restarted',
    breaks: restartWhileStopping,
    laws: /^L(7|8)$/,
  },
  {
    name: 'a stop waits for back-offs',
    breaks: () =>
      decides(function (decide, event, now) {
        const isWaiting = this.slots.list().some(({ phase }) => phase === 'backing-off')
        return isWaiting && (event.type === 'stop' || event.type === 'quiesce') ? [] : decide(event, now)
      }),
    laws: /^L(5|7|8|11)$/,
  },
  {
    name: 'the end of a back-off is not called off',
    breaks: () => decides((decide, event, now) => decide(event, now).filter(({ type }) => type !== 'cancel-wait')),
    laws: /^L(7|11|14)$/,
  },
  {
    name: 'a service has settled although permits of it are out',
    breaks: () => {
      vi.spyOn(Provisions.prototype, 'isDrained', 'get').mockReturnValue(true)
      vi.spyOn(Provisions.prototype, 'whenDrained').mockReturnValue(0)
    },
    laws: /^L6$/,
  },
  {
    name: 'the ack comes before what was deferred is released',
    breaks: () => {
      const { release } = Provisions.prototype
      vi.spyOn(Provisions.prototype, 'release').mockImplementation(function (this: Provisions) {
        release.call(this)
        return undefined
      })
    },
    laws: /^L6$/,
  },
  {
    name: 'a release of one that was killed is forgotten',
    breaks: () => {
      vi.spyOn(HookCalls.prototype, 'keep').mockImplementation(() => {})
    },
    laws: /^L6$/,
  },
  {
    name: 'a hurry is not passed on',
    breaks: () => {
      vi.spyOn(StopRound.prototype, 'hurry').mockImplementation(() => {})
    },
    laws: /^L9$/,
  },
  {
    name: 'a deadline that has passed is told as a hurry',
    breaks: () => {
      const { feed } = Stepper.prototype
      vi.spyOn(Stepper.prototype, 'feed').mockImplementation(function (this: Stepper, type, exit) {
        feed.call(this, type === 'expired' && this.state.name === 'settling' ? 'hurry' : type, exit)
      })
    },
    laws: /^L9$/,
  },
  {
    name: "somebody else's abort at a start is taken for our own",
    breaks: () => {
      const { await: wait } = HookCalls.prototype
      vi.spyOn(HookCalls.prototype, 'await').mockImplementation(function (this: HookCalls, name, answer, then, failed) {
        const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
        const forgiving = (error: unknown): void => (isAbort(error) ? then(undefined) : (failed ?? then)(error))
        wait.call(this, name, answer, then, name === 'start' ? forgiving : failed)
      })
    },
    laws: /^L12$/,
  },
  {
    name: 'who gives up at our own word has failed',
    breaks: () => {
      vi.spyOn(HookWork.prototype, 'isOwnAbort').mockReturnValue(false)
    },
    laws: /^L12$/,
  },
  {
    name: 'the watch over a start is not taken down',
    breaks: () => {
      vi.spyOn(StartWatch.prototype, 'end').mockImplementation(() => {})
    },
    laws: /^L14$/,
  },
]
