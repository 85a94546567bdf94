// What went wrong, in plain words, and the exit code that says it to scripts.
import { describe } from '../base/errors.js'
import { toWidth } from '../observe/report/text-width.js'
import { DaemonError } from './daemons/daemon-error.js'
import { FileError } from './load.js'
import { wrap } from './text.js'
import { UsageError } from './usage-error.js'

/** The program's own exit codes; `run` ends with the daemon's. */
export const EXIT = { fine: 0, found: 1, usage: 2 } as const

/** What is to be printed, and the exit code. */
export interface Complaint {
  readonly text: string
  readonly code: number
  /** For programs, which read standard output; people are told on standard error. */
  readonly isJson: boolean
}

/** What is wrong. With `json`, what a daemon refuses is an answer like any other. */
export function complaintOf(error: unknown, json: boolean): Complaint {
  if (json && error instanceof DaemonError) {
    return { text: `${JSON.stringify({ ok: false, error: error.message })}\n`, code: EXIT.found, isJson: true }
  }
  return { ...inWords(error), isJson: false }
}

function inWords(error: unknown): Omit<Complaint, 'isJson'> {
  if (error instanceof UsageError) {
    const more = `Try: quiesce help${error.command === undefined ? '' : ` ${error.command}`}`
    const lines = [...wrap(error.message, '', 'quiesce: '), error.instead === undefined ? more : `  ${error.instead}`]
    return { text: `${lines.join('\n')}\n`, code: EXIT.usage }
  }
  if (error instanceof FileError) return { text: `quiesce: ${error.message}\n`, code: EXIT.found }
  if (error instanceof DaemonError) {
    // Lines that are indented are to be copied, as they are.
    const more = error.more.flatMap((line) => (line.startsWith(' ') ? toWidth(line, Number.POSITIVE_INFINITY) : wrap(line)))
    return { text: `${[...wrap(error.message, '', 'quiesce: '), ...more].join('\n')}\n`, code: EXIT.found }
  }
  return { text: `quiesce: ${error instanceof Error ? error.stack : describe(error)}\n`, code: EXIT.found }
}
