// YAML that remembers its lines.
import { describe, expect, test } from 'vitest'
import { readYaml, YamlError } from '../../../src/cli/manifest/field.js'

const TEXT = `kind: A
spec:
  # a comment
  first: 1

  list:
    - name: x
    - name: y
      deep: { at: here }
---
kind: B
`

describe('a document', () => {
  const [first, second] = readYaml(TEXT)

  test('each of several, with the lines of the file', () => {
    expect(readYaml(TEXT)).toHaveLength(2)
    expect([first?.get('kind').text(), first?.get('kind').line]).toEqual(['A', 1])
    expect([second?.get('kind').text(), second?.get('kind').line]).toEqual(['B', 11])
  })

  test('values with their lines, however deep', () => {
    expect([first?.get('spec', 'first').number(), first?.get('spec', 'first').line]).toEqual([1, 4])
    const items = first?.get('spec', 'list').list() ?? []
    expect(items.map((item) => [item.get('name').text(), item.line])).toEqual([
      ['x', 7],
      ['y', 8],
    ])
    expect(items[1]?.get('deep', 'at').line).toBe(9)
  })

  test('what is not there has the line of what it would belong to', () => {
    const missing = first?.get('spec', 'list', 1, 'probe', 'path')
    expect([missing?.exists, missing?.text(), missing?.list(), missing?.line]).toEqual([false, undefined, [], 8])
    expect(first?.get('spec', 'none').line).toBe(2)
    expect(first?.get('kind', 'none').exists).toBe(false)
  })
})

test('aliases and merges are followed', () => {
  const [document] = readYaml('base: &base\n  a: 1\n  b: 2\nuser:\n  <<: *base\n  b: 3\nother: *base\n')
  expect(document?.get('user').value).toEqual({ a: 1, b: 3 })
  expect([document?.get('other', 'a').number(), document?.get('other', 'b').line]).toEqual([1, 3])
})

test('an empty text, a comment, null', () => {
  expect(readYaml('')).toEqual([])
  expect(readYaml('# nothing\n').filter((document) => document.exists)).toEqual([])
  expect(readYaml('a:\n')[0]?.get('a').exists).toBe(false)
})

test.each([
  ['a: [1, 2\n', /^line 2: /],
  ['ok: 1\na: b: c\n', /^line 2: /],
  ['a: 1\nb: {{ .Values.y }}\n', /^line 2: a key that is a whole mapping/],
  ['a: *nobody\n', /nobody/],
])('%j is none, and says where', (text, message) => {
  expect(() => readYaml(text)).toThrow(YamlError)
  expect(() => readYaml(text)).toThrow(message)
})

test('aliases that multiply are refused', () => {
  const levels = Array.from({ length: 10 }, (_, at) => `l${at + 1}: &l${at + 1} [${Array(10).fill(`*l${at}`).join(', ')}]`)
  expect(() => readYaml(`l0: &l0 x\n${levels.join('\n')}\n`)).toThrow(YamlError)
})
