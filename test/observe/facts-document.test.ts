// docs/observability.md is held to the facts there are: each kind with its fields and the level of its line, and no other.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LOGGED } from '../../src/observe/log/log-facts.js'
import { FACT_TYPES } from '../../src/protocol/fact.js'
import { ROOT, withoutComments } from '../house/sources.js'
import { LOGGED_FACTS } from './sample-facts.js'

const text = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8')
const table = /<!-- facts -->\n([\s\S]*?)<!-- end of facts -->/.exec(text)?.[1] ?? ''
const rows = table
  .trim()
  .split('\n')
  .slice(2)
  .map((line) => {
    const [type = '', fields = '', level = '', meaning = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return { type: type.replaceAll('`', ''), fields: fields.replaceAll('`', '').split(', ').filter(Boolean), level, meaning }
  })

/** The fields of each kind as its type declares them, beside `type`, `at` and `address`. */
function declared(): Map<string, string[]> {
  const source = withoutComments(readFileSync(join(ROOT, 'src/protocol/fact.ts'), 'utf8'))
  const union = /export type Fact =([\s\S]*?)\n\nexport type FactType|export type Fact =([\s\S]*?)\nexport type FactType/.exec(source)
  const common: Readonly<Record<string, readonly string[]>> = {
    About: [],
    AboutIncarnation: ['incarnation'],
    AboutTerm: ['election', 'term'],
  }
  const kinds = (union?.[1] ?? union?.[2] ?? '').split(/^ {2}\| \(/m).slice(1)
  return new Map(
    kinds.map((kind) => {
      const names = [...kind.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name)
      const type = /type: '([a-z-]+)'/.exec(kind)?.[1] ?? ''
      return [type, [...(common[/^\w+/.exec(kind)?.[0] ?? ''] ?? []), ...names.filter((name) => name !== 'type')]]
    }),
  )
}

test('every kind of fact is documented, in the order of the protocol, and no other is', () => {
  expect(rows.map(({ type }) => type)).toEqual(FACT_TYPES)
})

test('each with all of its fields, and a meaning', () => {
  const fields = declared()
  expect([...fields.keys()]).toEqual(FACT_TYPES)
  for (const row of rows) {
    expect(row.fields, row.type).toEqual(fields.get(row.type))
    expect(row.meaning, row.type).toMatch(/^\S.{2,}\.$/)
  }
})

test('each with the levels of its line, or none', () => {
  const levels = new Map<string, string[]>()
  for (const [{ type }, level] of LOGGED_FACTS) levels.set(type, [...new Set([...(levels.get(type) ?? []), level])])
  expect([...levels.keys()].sort()).toEqual([...LOGGED].sort())
  for (const { type, level } of rows) expect(level, type).toBe(levels.get(type)?.join(', ') ?? '–')
})

test('both names of the channels are there', () => {
  expect(text).toContain('`quiesce:fact`')
  expect(text).toContain('`quiesce:fact:`')
})
