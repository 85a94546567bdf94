// Nothing is kept that nobody needs: every export of src is imported by another file of src, or reachable from a public door.
import { expect, test } from 'vitest'
import { roomOf } from './house/rules.js'
import { exportsOf, importsOf, readSources, type Source } from './house/sources.js'

/** The exports of src that only tests import, or nobody; `@internal` ones may serve tests alone. */
function deadExports(src: readonly Source[], tests: readonly Source[]): string[] {
  const inSrc = namesTaken(src)
  const inTests = namesTaken(tests)
  const isTaken = (taken: ReadonlySet<string>, path: string, name: string): boolean =>
    taken.has(`${path} ${name}`) || taken.has(`${path} *`)
  return src.flatMap((source) => {
    if (roomOf(source.path) === undefined) return []
    return exportsOf(source)
      .filter(({ isDescription }) => !isDescription)
      .filter(({ name, isInternal }) => !isTaken(inSrc, source.path, name) && !(isInternal && isTaken(inTests, source.path, name)))
      .map(({ name }) => `${source.path}: ${name}`)
  })
}

function namesTaken(sources: readonly Source[]): Set<string> {
  return new Set(sources.flatMap((source) => importsOf(source).flatMap(({ target, names }) => names.map((name) => `${target} ${name}`))))
}

test('no export of src is dead', () => {
  expect(deadExports(readSources('src'), readSources('test'))).toEqual([])
})

test('a dead export is found', () => {
  const src = [
    {
      path: 'src/base/a.ts',
      text: 'export const used = 1\nexport function dead(): void {}\nexport interface Shown {}\nexport interface Part {}\nexport interface Shown2 { part: Part }\nexport type Tested = 1\n',
    },
    {
      path: 'src/base/b.ts',
      text: "import { used } from './a.js'\n/** @internal For tests. */\nexport class Seam {}\n/** @internal */\nexport const forgotten = used\n",
    },
    { path: 'src/index.ts', text: "export type { Shown, Shown2 } from './base/a.js'\n" },
  ]
  const tests = [
    { path: 'test/a.test.ts', text: "import type { Tested } from '../src/base/a.js'\nimport { Seam } from '../src/base/b.js'\n" },
  ]
  expect(deadExports(src, tests)).toEqual(['src/base/a.ts: dead', 'src/base/a.ts: Tested', 'src/base/b.ts: forgotten'])
})
