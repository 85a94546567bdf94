// The exported names of every public door, values and types, against test/api.txt: a name is added or taken away on purpose only.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { roomOf } from './house/rules.js'
import { ROOT, readSources, type Source, withoutComments } from './house/sources.js'

/** The names that a door gives, one a line: `type Clock`, `createSystem`. */
function namesOf({ text }: Source): string[] {
  const names: string[] = []
  for (const [, isType, clause = ''] of withoutComments(text).matchAll(/export\s+(type\s+)?\{([^}]*)\}/g)) {
    for (const part of clause.split(',')) {
      const [, own, name] = /^\s*(type\s+)?(?:[\w$]+\s+as\s+)?([\w$]+)\s*$/.exec(part) ?? []
      if (name !== undefined) names.push(isType !== undefined || own !== undefined ? `type ${name}` : name)
    }
  }
  return names.sort((a, b) => (a < b ? -1 : 1))
}

const doors = readSources('src').filter(({ path }) => roomOf(path) === undefined)
const entryOf = (path: string): string => (path === 'src/index.ts' ? 'quiesce' : `quiesce/${path.slice('src/'.length, -'.ts'.length)}`)
const written = Object.fromEntries(
  readFileSync(join(ROOT, 'test/api.txt'), 'utf8')
    .split(/^# /m)
    .slice(1)
    .map((section) => {
      const [entry = '', ...names] = section.trim().split('\n')
      return [entry, names] as const
    }),
)

describe('the public names', () => {
  test.each(doors.map((door) => [entryOf(door.path), door] as const))('of %s', (entry, door) => {
    const message = `the names of "${entry}" changed. If that is meant, write the new ones below "# ${entry}" in test/api.txt, sorted, and into CHANGELOG.md.`
    expect(namesOf(door), message).toEqual(written[entry] ?? [])
  })

  test('every list belongs to a door, every door to an entry of package.json', () => {
    const entries = doors.map(({ path }) => entryOf(path)).sort()
    expect(Object.keys(written).sort()).toEqual(entries)
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
    const offered = Object.keys(exports).filter((name) => name !== './package.json')
    expect(offered.map((name) => name.replace(/^\./, 'quiesce')).sort()).toEqual(entries)
  })

  test.each(doors.map((door) => [entryOf(door.path), door] as const))('the values of %s are there when it runs', async (entry, door) => {
    const values = namesOf(door).filter((name) => !name.startsWith('type '))
    const module = (await import(join(ROOT, door.path))) as Record<string, unknown>
    expect(Object.keys(module).sort(), entry).toEqual(values)
  })

  test('are read from a door', () => {
    const text = "export type { A } from './a.js'\nexport { b, type C, d as e } from './b.js'\n// export { no } from './c.js'\n"
    expect(namesOf({ path: 'src/index.ts', text })).toEqual(['b', 'e', 'type A', 'type C'])
  })
})
