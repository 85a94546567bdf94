// Reads the script language of the recorded supervisor traces: declarations of supervisors and children, then commands.

/** What a start attempt does. */
export type Entry =
  | { readonly does: 'ok' | 'info' | 'ignore' }
  | { readonly does: 'error' | 'exit' | 'raise' | 'bad' | 'throwing' | 'die'; readonly term: string }
  | { readonly does: 'gate'; readonly gate: string; readonly next: Entry }
  | { readonly does: 'slow'; readonly ms: number; readonly next: Entry }

/** How a worker answers a stop request. */
export type Mode =
  | { readonly does: 'ok' | 'notrap' | 'hang' }
  | { readonly does: 'delay'; readonly ms: number }
  | { readonly does: 'reason'; readonly term: string }
  | { readonly does: 'gate'; readonly gate: string }

/** What the start attempts of one id do, one after another; the last may go on for ever. */
export interface Plan {
  readonly entries: Entry[]
  readonly forever: Entry | undefined
}

/** The `key=value` words of a declaration. */
export type Settings = Readonly<Record<string, string>>

/** One line of a script. */
export type Statement =
  | { readonly kind: 'sup'; readonly id: string; readonly settings: Settings }
  | { readonly kind: 'child'; readonly parent: string; readonly id: string; readonly settings: Settings }
  | { readonly kind: 'behave'; readonly id: string; readonly settings: Settings }
  | { readonly kind: 'command'; readonly line: string; readonly words: readonly string[] }

/** Reads a script. */
export function parseScript(text: string): Statement[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseLine)
}

function parseLine(line: string): Statement {
  const words = line.split(/\s+/)
  const [first = '', second = '', third = ''] = words
  if (first === 'sup') return { kind: 'sup', id: second, settings: parseSettings(words.slice(2)) }
  if (first === 'child') return { kind: 'child', parent: second, id: third, settings: parseSettings(words.slice(3)) }
  if (first === 'behave') return { kind: 'behave', id: second, settings: parseSettings(words.slice(2)) }
  return { kind: 'command', line, words }
}

function parseSettings(words: readonly string[]): Settings {
  return Object.fromEntries(words.map((word) => splitOnce(word, '=')))
}

/** Reads a plan: entries by comma, the last one repeated for ever when it ends in `*`. */
export function parsePlan(text: string): Plan {
  const words = text === '' ? [] : text.split(',')
  const last = words.at(-1)
  if (last?.endsWith('*') !== true) return { entries: words.map(parseEntry), forever: undefined }
  return { entries: words.slice(0, -1).map(parseEntry), forever: parseEntry(last.slice(0, -1)) }
}

function parseEntry(word: string): Entry {
  const [does, rest] = splitOnce(word, ':')
  switch (does) {
    case 'ok':
    case 'info':
    case 'ignore':
      return { does }
    case 'error':
    case 'exit':
    case 'raise':
    case 'bad':
    case 'throwing':
    case 'die':
      return { does, term: rest }
    case 'gate': {
      const [gate, next] = splitOnce(rest, ':')
      return { does, gate, next: parseEntry(next === '' ? 'ok' : next) }
    }
    case 'slow': {
      const [ms, next] = splitOnce(rest, ':')
      return { does, ms: Number(ms), next: parseEntry(next === '' ? 'ok' : next) }
    }
    default:
      throw new Error(`unknown plan entry ${word}`)
  }
}

/** Reads how a worker answers a stop request. */
export function parseMode(word: string): Mode {
  const [does, rest] = splitOnce(word, ':')
  switch (does) {
    case 'ok':
    case 'notrap':
    case 'hang':
      return { does }
    case 'delay':
      return { does, ms: Number(rest) }
    case 'reason':
      return { does, term: rest }
    case 'gate':
      return { does, gate: rest }
    default:
      throw new Error(`unknown stop mode ${word}`)
  }
}

function splitOnce(word: string, separator: string): [string, string] {
  const at = word.indexOf(separator)
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
}
