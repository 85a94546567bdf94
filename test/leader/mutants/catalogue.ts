// The mutants of leading: each rule of the protocol, left out. That validity counts from the answer hardly ever shows, since whoever was
// paused for longer than an abort may take finds that out first: it has a schedule of its own in directed.test.ts.
import { vi } from 'vitest'
import { HeldTerm } from '../../../src/leader/term.js'
import { Candidacy } from '../../../src/policy/tenure/candidacy.js'
import type { Candidate } from '../../../src/protocol/lease.js'
import { StoreModel } from '../simulation/store-model.js'
import { TIMES } from '../simulation/times.js'
import type { Mutant } from './mutant.js'
import { switches } from './seams.js'

const on = (name: keyof typeof switches) => (): void => {
  switches[name] = true
}

class ReleasesAnything extends StoreModel {
  protected override isHeldBy(candidate: Candidate, term: bigint, call: 'renew' | 'release'): boolean {
    return call === 'release' ? this.kept.holder !== undefined : super.isHeldBy(candidate, term, call)
  }
}

class RenewsAnything extends StoreModel {
  protected override isHeldBy(candidate: Candidate, term: bigint, call: 'renew' | 'release'): boolean {
    return call === 'renew' ? this.kept.holder !== undefined : super.isHeldBy(candidate, term, call)
  }
}

export const MUTANTS: readonly Mutant[] = [
  { name: 'the lease is given back before the drain', breaks: on('releasesBeforeDrain'), invariants: /^I5$/ },
  { name: 'the lease is given back when the drain deadline passes', breaks: on('releasesAtDeadline'), invariants: /^I5$/ },
  {
    name: 'a flag says whether the term is over, the clock is not asked',
    breaks: () => {
      vi.spyOn(HeldTerm.prototype, 'remainingMs').mockImplementation(function (this: HeldTerm) {
        return this.signal.aborted ? 0 : Number.POSITIVE_INFINITY
      })
    },
    invariants: /^I2$/,
  },
  { name: 'a release does not compare the term', plan: { Store: ReleasesAnything }, invariants: /^I6$/ },
  { name: 'a renewal does not compare the term', plan: { Store: RenewsAnything }, invariants: /^I6$/ },
  { name: 'validity is told by the clock on the wall', plan: { tellsWallTime: true }, invariants: /^I[2-4]$/ },
  { name: 'nothing is sealed before the recovery', breaks: on('recoversUnsealed'), invariants: /^I3$/ },
  {
    name: 'a process that is started again stands under the incarnation of the one before',
    plan: { sameIncarnation: true },
    invariants: /^I/,
  },
  {
    name: 'a candidate watches for eight tenths of the lease',
    plan: { expiry: 'observer' },
    breaks: () => {
      const { claimableAt } = Candidacy.prototype
      vi.spyOn(Candidacy.prototype, 'claimableAt').mockImplementation(function (this: Candidacy) {
        const at = claimableAt.call(this)
        return this.record?.phase === 'vacant' ? at : at - TIMES.leaseMs * 0.22
      })
    },
    invariants: /^I[24]$/,
  },
  { name: 'a term is adopted though its release was tried', breaks: on('adoptsWhatIsOver'), invariants: /^I[78]$/ },
  {
    name: 'a term that was called off while it waited spares the next one the wait',
    plan: { expiry: 'none', sealing: 'open' },
    breaks: on('writesDrainedWithoutWait'),
    invariants: /^I3$/,
  },
]
