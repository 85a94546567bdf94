// Keys as a terminal in raw mode sends them.

/** A key that means something. */
export type Key =
  | 'quit'
  | 'suspend'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'tree'
  | 'in-flight'
  | 'restarts'
  | 'state'
  | 'all'

const KEYS: Readonly<Record<string, Key>> = {
  q: 'quit',
  Q: 'quit',
  '\u0003': 'quit',
  '\u001a': 'suspend',
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  k: 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  j: 'down',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  ' ': 'page-down',
  '\u001b[H': 'first',
  '\u001b[1~': 'first',
  g: 'first',
  '\u001b[F': 'last',
  '\u001b[4~': 'last',
  G: 'last',
  t: 'tree',
  i: 'in-flight',
  r: 'restarts',
  s: 'state',
  a: 'all',
}

// A sequence of the terminal, or a letter.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a key.
const ONE = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[\s\S]/g

/** The keys in what was read; others mean nothing. */
export function readKeys(text: string): Key[] {
  return [...text.matchAll(ONE)].flatMap(([key]) => KEYS[key] ?? [])
}
