// Facts as a person reads them in the inspector and at a terminal.
import { expect, test } from 'vitest'
import { factWords } from '../../src/observe/picture/fact-words.js'
import type { FactFrame } from '../../src/observe/watch/frames.js'
import { about } from './sample-facts.js'

test.each([
  ['expired', 2, 'time for finishing is over: 2 cut off'],
  ['hurry', 2, 'hurried: 2 cut off'],
  ['kill', 0, 'ended at once'],
  // As a recording was written before facts said why.
  [undefined, 0, 'time for finishing is over'],
] as const)('what was cut off says why: %s', (why, inFlight, text) => {
  const frame = { type: 'fact', seq: 1, fact: { ...about, type: 'forced', inFlight, why } } as unknown as FactFrame
  expect(factWords(frame)).toEqual({ text, tone: 'bad', causes: [] })
})
