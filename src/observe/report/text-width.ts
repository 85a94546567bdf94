// Text for terminals and pipes alike: no colours, no control characters, no line wider than it may be. An id may hold any letter, so width
// is counted in columns: a Chinese letter or an emoji takes two, an accent none.

// Each takes one column: most of what is ever printed, and quickly told from the rest.
const PLAIN = /^[ -~\u00a0-\u02af\u2010-\u2026\u2190-\u22ff\u2500-\u25fc]*$/
const LETTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })
const NOTHING = /^[\p{Mn}\p{Me}]+$/u
// What Unicode calls wide or fullwidth, and what is shown as an emoji.
const WIDE =
  /\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u

/** How many columns of a terminal a text takes that has no control characters. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let columns = 0
  for (const { segment } of LETTERS.segment(text)) columns += widthOf(segment)
  return columns
}

function widthOf(letter: string): number {
  if (NOTHING.test(letter)) return 0
  return WIDE.test(letter) ? 2 : 1
}

/** The beginning of a text that takes at most so many columns; no letter is cut in two. */
export function beginningOf(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, columns))
  return within([...LETTERS.segment(text)], columns).join('')
}

/** The end of a text that takes at most so many columns; no letter is cut in two. */
export function endOf(text: string, columns: number): string {
  return within([...LETTERS.segment(text)].reverse(), columns)
    .reverse()
    .join('')
}

function within(letters: readonly Intl.SegmentData[], columns: number): string[] {
  let left = columns
  const past = letters.findIndex(({ segment }) => {
    left -= widthOf(segment)
    return left < 0
  })
  return letters.slice(0, past < 0 ? undefined : past).map(({ segment }) => segment)
}

/** Fills a text up with spaces. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** Cuts a text that is too long, and says so with an ellipsis. What could move the cursor or ring the bell becomes a space. */
export function toWidth(text: string, width: number): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
  return columnsOf(plain) <= width ? plain : `${beginningOf(plain, width - 1)}…`
}

/** Breaks a text between words; lines after the first begin with `indent`. A word that is too long is cut. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of keepUnits(text).split(/[ \n\t]+/)) {
    const joined = line === '' ? word : `${line} ${word}`
    if (columnsOf(joined) <= width || line === '') line = joined
    else {
      lines.push(line)
      line = `${indent}${word}`
    }
  }
  return [...lines, line].map((each) => toWidth(each.replaceAll(NO_BREAK, ' '), width))
}

const NO_BREAK = '\u00a0'

// A number and its unit stay together.
function keepUnits(text: string): string {
  return text.replace(/(\d) (ms|s|min|%)(?!\w)/g, `$1${NO_BREAK}$2`)
}
