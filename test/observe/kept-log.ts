// A pino logger whose lines are kept, as they would be written.
import { pino } from 'pino'
import type { RootLog } from '../../src/observe/log/log.js'

/** One line. */
export interface KeptLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** Keeps every line, of `level` (default `info`) and above. */
export function keptLog(level = 'info'): { readonly log: RootLog; readonly lines: KeptLine[]; messages(): string[] } {
  const lines: KeptLine[] = []
  const log = pino({ base: null, level }, { write: (line: string) => void lines.push(JSON.parse(line) as KeptLine) })
  return { log, lines, messages: () => lines.map(({ msg }) => msg) }
}
