// When nothing goes wrong any more somebody leads again, hands over when asked to, and everybody stops.
import { RECOVERY_MS } from '../world.js'
import { type Invariant, moment } from './violation.js'

const leadsAgain: Invariant = ({ ledAgainAt, calmSince }) =>
  ledAgainAt !== undefined
    ? []
    : [{ at: calmSince, sentence: `nobody led for good within ${moment(RECOVERY_MS)} of the end of all faults at ${moment(calmSince)}` }]

const handsOver: Invariant = ({ ledAgainAt, handedOverAt }) =>
  ledAgainAt === undefined || handedOverAt !== undefined
    ? []
    : [{ at: ledAgainAt, sentence: `the leader since ${moment(ledAgainAt)} was asked to step down, and nobody led after it` }]

const stops: Invariant = ({ candidates, timeline }) =>
  candidates.flatMap(({ life }) =>
    life === undefined
      ? []
      : [{ at: timeline.now, sentence: `${life.process.name} was asked to stop and had not stopped by ${moment(timeline.now)}` }],
  )

export const liveness: Readonly<Record<string, Invariant>> = { 'leads again': leadsAgain, 'hands over': handsOver, stops }
