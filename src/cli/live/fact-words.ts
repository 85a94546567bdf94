// Which facts a person at a terminal is told, and in which words: those of all inspectors, with the error behind them in the same line.
import { factWords } from '../../observe/picture/fact-words.js'
import type { FactFrame, WireFact } from '../../observe/watch/frames.js'
import type { Tone } from '../paint.js'

/** What happened, and how it is to be taken. */
export interface ToldFact {
  readonly text: string
  readonly tone: Tone | undefined
}

// What another fact says better, or no person needs to be told line by line.
const UNTOLD: ReadonlySet<WireFact['type']> = new Set<WireFact['type']>([
  'stop-requested',
  'report',
  'phase-started',
  'transition',
  'wait-dropped',
])
const TONES = { plain: undefined, good: 'good', busy: undefined, warn: 'busy', bad: 'bad' } as const

/** A fact in words; undefined for one that is not told. */
export function wordsOf(frame: FactFrame): ToldFact | undefined {
  if (UNTOLD.has(frame.fact.type)) return undefined
  const { text, tone, causes } = factWords(frame)
  const [cause] = causes
  return { text: cause === undefined ? text : `${text}: ${cause}`, tone: TONES[tone] }
}
