// Plain text for terminals, pipes and logs alike: no colours, at most 80 columns.
import { formatMs } from '../base/duration.js'
import { columnsOf, toWidth } from '../observe/report/text-width.js'

/** The width of everything that is printed. */
export const WIDTH = 80

// Between a number and its unit no line ends.
const QUANTITY = /(?<=\d) (?=(?:ms|s|min)\b)/g
const UNBROKEN = '\u00a0'

/** Breaks a text between words; lines after the first are indented. A word that is too long stands alone and is not cut. */
export function wrap(text: string, indent = '', first = indent): string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.replace(QUANTITY, UNBROKEN).split(/[ \t\n]+/)) {
    if (word === '') continue
    if (!isEmpty && columnsOf(line) + 1 + columnsOf(word) > WIDTH) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].map((each) => toWidth(each.replaceAll(UNBROKEN, ' '), Number.POSITIVE_INFINITY))
}

/** `1 service`, `3 services`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** A round duration for a narrow place: `5 s`, `250 ms`, `1.5 s`. */
export function shortMs(ms: number): string {
  return formatMs(ms)
    .replace(/\.00(?= s$)/, '')
    .replace(/(\.\d)0(?= s$)/, '$1')
}
