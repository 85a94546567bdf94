// docs/pitfalls.md is held to its word: every entry names tests that exist and carry its number, or says why it needs none.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const project = fileURLToPath(new URL('..', import.meta.url))
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)
/** The entries that the page has to have. */
const EXPECTED = [...numbers(1, 18), ...numbers(37, 45), ...numbers(53, 55)]
const WITHOUT_PROOF = /^Does not concern quiesce\b/m
const PARTS = ['Symptom', 'Who', 'Here', 'Proof'] as const

interface Entry {
  readonly number: number
  readonly text: string
  readonly proofs: readonly { readonly file: string; readonly title: string }[]
}

function entriesOf(page: string): Entry[] {
  return page.split(/^### (?=\d+\. )/m).flatMap((part) => {
    const number = /^\d+/.exec(part)
    if (number === null) return []
    const text = part.split(/^## /m)[0] ?? ''
    const proofs = [...text.matchAll(/^ {2}- `([^`]+)`: "(.+)"$/gm)].map(([, file = '', title = '']) => ({ file, title }))
    return [{ number: Number(number[0]), text, proofs }]
  })
}

/** What is wrong with a page; `sourceOf` gives the text of a test, or undefined. */
function problemsOf(page: string, sourceOf: (file: string) => string | undefined): string[] {
  const entries = entriesOf(page)
  const found = entries.map(({ number }) => number)
  return [
    ...EXPECTED.filter((number) => !found.includes(number)).map((number) => `${number}: is missing`),
    ...found.filter((number, index) => number <= (found[index - 1] ?? 0)).map((number) => `${number}: is out of order`),
    ...entries.flatMap((entry) => problemsOfEntry(entry, sourceOf).map((problem) => `${entry.number}: ${problem}`)),
  ]
}

function problemsOfEntry({ number, text, proofs }: Entry, sourceOf: (file: string) => string | undefined): string[] {
  if (WITHOUT_PROOF.test(text)) return proofs.length === 0 ? [] : ['does not concern us, yet is proven']
  return [
    ...PARTS.filter((part) => !text.includes(`\n- **${part}**:`)).map((part) => `has no ${part}`),
    ...(proofs.length === 0 ? ['names no test'] : []),
    ...proofs.flatMap(({ file, title }) => {
      const source = sourceOf(file)
      if (!title.startsWith(`pitfall ${number}: `)) return [`"${title}" carries another number`]
      if (source === undefined) return [`there is no ${file}`]
      return hasTitle(source, title) ? [] : [`${file} has no test "${title}"`]
    }),
  ]
}

// As it stands in the source: as the first thing that `test`, `it`, `describe` or what their `each` has made is called with.
function hasTitle(source: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => new RegExp(`\\(\\s*${escaped(quote + title + quote)},`).test(source))
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

const read = (file: string): string | undefined => {
  const path = join(project, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
const page = read('docs/pitfalls.md') ?? ''

test('every entry of the page is proven by tests that exist', () => {
  expect(problemsOf(page, read)).toEqual([])
})

test('every test that carries a number belongs to an entry that concerns us', () => {
  const proven = new Set(entriesOf(page).flatMap(({ number, proofs }) => (proofs.length > 0 ? [number] : [])))
  const files = readdirSync(join(project, 'test'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'))
  const carried = files
    .filter((file) => file !== 'pitfalls.test.ts')
    .flatMap((file) => [...(read(join('test', file)) ?? '').matchAll(/\(\s*['"`]pitfall (\d+): /g)].map((match) => Number(match[1])))
  expect(carried.length).toBeGreaterThanOrEqual(proven.size)
  expect(carried.filter((number) => !proven.has(number))).toEqual([])
})

describe('a page is found out that', () => {
  const changed = (from: string | RegExp, to: string): string[] => {
    const other = page.replace(from, to)
    expect(other).not.toBe(page)
    return problemsOf(other, read)
  }

  test.each([
    [
      'names a test that does not exist',
      '"pitfall 7: an application',
      '"pitfall 7: the application',
      /^7: test\/adapters\/.* has no test /,
    ],
    ['names part of a title', 'sees the drain already"', 'sees the drain"', /^7: test\/adapters\/.* has no test /],
    [
      'names a file that does not exist',
      'test/gate/gate.test.ts',
      'test/gate/door.test.ts',
      /^55: there is no test\/gate\/door\.test\.ts$/,
    ],
    ['gives a test to another entry', '"pitfall 54: ', '"pitfall 53: ', /^54: "pitfall 53: .* carries another number$/],
    ['lacks an entry', '### 38. ', '### ', /^38: is missing$/],
    ['has entries out of order', '### 54. ', '### 52. ', /^52: is out of order$/],
    ['says nothing of who is hit', '- **Who**: frameworks', '- frameworks', /^17: has no Who$/],
    ['names no test', /^ {2}- `test\/adapters\/http-serving\.test\.ts`: "pitfall 18.*\n/m, '', /^18: names no test$/],
  ])('%s', (_what, from, to, problem) => {
    expect(changed(from, to)).toContainEqual(expect.stringMatching(problem))
  })
})
