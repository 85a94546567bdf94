// The table of the laws in docs/testing.md: every law is in it, in its own words.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LAWS } from 'quiesce/testing'
import { expect, test } from 'vitest'
import { ROOT } from '../house/sources.js'

test('docs/testing.md has every law in its own words', () => {
  const text = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8')
  const rows = new Map([...text.matchAll(/^\| (L\d+) \| (.*) \|$/gm)].map(([, id, words]) => [id, words]))
  const numbers = [...rows.keys()]
  const last = Math.max(...LAWS.map(({ id }) => Number(id.slice(1))))
  expect(numbers).toEqual(Array.from({ length: last }, (_, index) => `L${index + 1}`))
  // L13 is about trees that cannot be built: nothing watches them.
  for (const id of numbers) {
    const said = LAWS.filter((law) => law.id === id).map(({ says }) => says)
    if (id !== 'L13') expect(rows.get(id)).toBe(said.join('; '))
  }
})
