// What mutants of leading change beyond methods: functions of the tenure's modules. A test file mocks the modules with these; as long as no
// switch is on they do what the real ones do.
import type * as Leaving from '../../../src/policy/tenure/leaving.js'
import type * as Promotion from '../../../src/policy/tenure/promotion.js'
import type * as State from '../../../src/policy/tenure/state.js'

/** Which of them are broken. */
export const switches = {
  releasesBeforeDrain: false,
  releasesAtDeadline: false,
  writesDrainedWithoutWait: false,
  recoversUnsealed: false,
  adoptsWhatIsOver: false,
}

/** All of them as they should be. */
export function switchOff(): void {
  for (const name of Object.keys(switches) as (keyof typeof switches)[]) switches[name] = false
}

export function leaving(original: typeof Leaving): typeof Leaving {
  const giveBackNow = (state: State.TenureState, why: string, now: number): void => {
    if (state.holding === undefined) return
    state.commands.push({ do: 'invalidate' }, { do: 'abort', why })
    original.giveBack(state, state.holding, now)
  }
  return {
    ...original,
    stepDown: (state, why, leave) => {
      original.stepDown(state, why, leave)
      if (switches.releasesBeforeDrain && state.phase === 'draining') giveBackNow(state, why, leave.now)
    },
    abort: (state, why, now) => {
      if (switches.releasesAtDeadline) giveBackNow(state, why, now)
      else original.abort(state, why, now)
    },
    release: (state) => {
      if (switches.writesDrainedWithoutWait && state.inherited !== undefined) state.inherited = { ...state.inherited, drained: true }
      original.release(state)
    },
  }
}

export function promotion(original: typeof Promotion): typeof Promotion {
  return {
    ...original,
    prepared: (state, canSeal, now) => {
      if (!switches.recoversUnsealed || !canSeal) return original.prepared(state, canSeal, now)
      state.phase = 'recovering'
      state.commands.push({ do: 'recover' })
    },
  }
}

export function state(original: typeof State): typeof State {
  return {
    ...original,
    TenureState: class extends original.TenureState {
      constructor(options: State.TenureOptions) {
        super(options)
        if (switches.adoptsWhatIsOver) Object.defineProperty(this, 'overTerm', { get: () => 0n, set: () => {} })
      }
    },
  }
}
