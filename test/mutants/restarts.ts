// Mutants of who is restarted, how often, and what is said when it was too often.
import { vi } from 'vitest'
import { RestartIntensityError } from '../../src/base/errors.js'
import { IntensityWindow } from '../../src/policy/intensity.js'
import { RestartLedger } from '../../src/policy/ledger.js'
import type { Mutant } from './mutant.js'
import { switches } from './seams.js'

export const restarts: readonly Mutant[] = [
  {
    name: 'one restart more than allowed',
    breaks: () => {
      const { admit } = IntensityWindow.prototype
      vi.spyOn(IntensityWindow.prototype, 'admit').mockImplementation(function (this: IntensityWindow, now) {
        return admit.call(this, now) || this.count(now) === this.max + 1
      })
    },
    laws: /^L10$/,
  },
  {
    name: 'one restart fewer than allowed',
    breaks: () => {
      const { admit } = IntensityWindow.prototype
      vi.spyOn(IntensityWindow.prototype, 'admit').mockImplementation(function (this: IntensityWindow, now) {
        return admit.call(this, now) && this.count(now) < this.max
      })
    },
    laws: /^L10$/,
  },
  {
    name: 'a temporary child is restarted',
    breaks: () => {
      switches.restartsTemporary = true
    },
    laws: /^L10$/,
  },
  {
    name: 'who gives up does not say why',
    breaks: () => {
      const { errorFor } = RestartLedger.prototype
      vi.spyOn(RestartLedger.prototype, 'errorFor').mockImplementation(function (this: RestartLedger, address, slot, exit) {
        const { offender, attempts } = errorFor.call(this, address, slot, exit)
        return new RestartIntensityError(address, this.window, offender, undefined, attempts)
      })
    },
    laws: /^L10$/,
  },
]
