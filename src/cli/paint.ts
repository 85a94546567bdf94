// Lines for a terminal, a pipe or a file: made of spans with a tone each, cut to a width before they are coloured, so that a colour never
// counts as a column and is never cut in two.
import { beginningOf, columnsOf, endOf, toWidth } from '../observe/report/text-width.js'

/** What a span is about; the colours are chosen in one place. */
export type Tone = 'strong' | 'faint' | 'good' | 'busy' | 'bad'

/** A piece of a line. */
export interface Span {
  readonly text: string
  readonly tone?: Tone | undefined
}

/** A line, left to right. */
export type Line = readonly Span[]

/** Where something is printed. */
export interface Surface {
  /** Columns; infinite where nothing needs to be cut. */
  readonly width: number
  readonly coloured: boolean
}

const CODES: Readonly<Record<Tone, string>> = { strong: '1', faint: '2', good: '32', busy: '33', bad: '31' }
const RESET = '\u001b[0m'

/** Makes a span. What could move the cursor becomes a space. */
export function span(text: string, tone?: Tone): Span {
  return { text: toWidth(text, Number.POSITIVE_INFINITY), tone }
}

/** How many columns a line takes. */
export function lengthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0)
}

/** Cuts a line that is too long, and says so with an ellipsis. */
export function cut(line: Line, width: number): Line {
  if (lengthOf(line) <= width) return line
  const kept: Span[] = []
  let left = width - 1
  for (const { text, tone } of line) {
    if (left <= 0) break
    kept.push({ text: beginningOf(text, left), tone })
    left -= columnsOf(text)
  }
  return width < 1 ? [] : [...kept, { text: '…', tone: 'faint' }]
}

/** An address, cut in front where it is too long: its end says most. */
export function fromEnd(address: string, width: number): string {
  return columnsOf(address) > width ? `…${endOf(address, width - 1)}` : address
}

/** Fills a line up with spaces. */
export function padTo(line: Line, width: number, side: 'left' | 'right' = 'right'): Line {
  const missing = width - lengthOf(line)
  if (missing <= 0) return line
  const space = { text: ' '.repeat(missing) }
  return side === 'right' ? [...line, space] : [space, ...line]
}

/** A line as text, with colours or without; nothing is left behind it. */
export function paint(line: Line, { width, coloured }: Surface): string {
  const spans = cut(line, width)
  const last = spans.findLastIndex(({ text }) => text.trimEnd() !== '')
  return spans
    .slice(0, last + 1)
    .map(({ text, tone }, at) => {
      const shown = at === last ? text.trimEnd() : text
      return coloured && tone !== undefined ? `\u001b[${CODES[tone]}m${shown}${RESET}` : shown
    })
    .join('')
}

/**
 * The surface that a stream is. As Node has it: `FORCE_COLOR` decides where it is set (0 and false are no), then `NO_COLOR`, then
 * whether anybody looks. A pipe has no width unless `COLUMNS` says one.
 */
export function surfaceOf(stream: { readonly isTTY?: boolean; readonly columns?: number }, env: NodeJS.ProcessEnv): Surface {
  return { width: widthOf(stream, env), coloured: isColoured(stream.isTTY === true, env) }
}

function widthOf({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }, env: NodeJS.ProcessEnv): number {
  if (isTTY === true && columns !== undefined && columns > 0) return columns
  const written = Number(env['COLUMNS'])
  return Number.isInteger(written) && written > 0 ? written : Number.POSITIVE_INFINITY
}

function isColoured(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return !['0', 'false'].includes(forced)
  const { NO_COLOR: none = '', TERM: terminal } = env
  return isTTY && none === '' && terminal !== 'dumb'
}
