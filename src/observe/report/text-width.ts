// Text for terminals and pipes alike: no colours, no control characters, no line wider than it may be.

/** Cuts a text that is too long, and says so with an ellipsis. What could move the cursor or ring the bell becomes a space. */
export function toWidth(text: string, width: number): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`
}

/** Breaks a text between words; lines after the first begin with `indent`. A word that is too long is cut. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of keepUnits(text).split(/[ \n\t]+/)) {
    const joined = line === '' ? word : `${line} ${word}`
    if (joined.length <= width || line === '') line = joined
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
