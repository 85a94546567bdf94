// Holds the house to its plan, and the checker to its word: each rule is shown to catch what it is there for.
import { describe, expect, test } from 'vitest'
import { rules } from './house/rules.js'
import { readSources, type Source } from './house/sources.js'

describe('src', () => {
  const sources = readSources('src')

  test('is read', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(sources.map(({ path }) => path)).toContain('src/kernel/lifecycle.ts')
  })

  test.each(Object.keys(rules))('%s', (name) => {
    expect(rules[name]?.(sources)).toEqual([])
  })
})

const file = (path: string, code: string): Source => ({ path, text: `// What it is for.\n${code}\n` })
const empty = (path: string): Source => file(path, 'export const it = 1')

describe('a planted violation is found', () => {
  const planted: readonly (readonly [rule: string, what: string, sources: readonly Source[]])[] = [
    ['floors', 'upward', [file('src/base/a.ts', "import { it } from '../tree/b.js'"), empty('src/tree/b.ts')]],
    ['floors', 'upward, a type', [file('src/base/a.ts', "import type { It } from '../tree/b.js'"), empty('src/tree/b.ts')]],
    ['floors', 'upward, over several lines', [file('src/base/a.ts', "import {\n  it,\n} from '../tree/b.js'"), empty('src/tree/b.ts')]],
    ['floors', 'upward, as a type expression', [file('src/base/a.ts', "type A = import('../tree/b.js').It"), empty('src/tree/b.ts')]],
    ['floors', 'upward, a re-export', [file('src/base/a.ts', "export { it } from '../tree/b.js'"), empty('src/tree/b.ts')]],
    ['floors', 'another room on the floor', [file('src/gate/a.ts', "import { it } from '../policy/b.js'"), empty('src/policy/b.ts')]],
    ['floors', 'a public door', [file('src/tree/a.ts', "import { it } from '../index.js'"), empty('src/index.ts')]],
    ['floors', 'an unknown room', [empty('src/attic/a.ts')]],
    ['targets', 'a file that is not there', [file('src/base/a.ts', "import { it } from './b.js'")]],
    [
      'circles',
      'two files',
      [file('src/base/a.ts', "import { b } from './b.js'"), file('src/base/b.ts', "import { type B, a } from './a.js'")],
    ],
    [
      'circles',
      'two files, in types',
      [file('src/base/a.ts', "import type { B } from './b.js'"), file('src/base/b.ts', "import { type A } from './a.js'")],
    ],
    [
      'circles',
      'two rooms, in types',
      [file('src/base/a.ts', "import type { B } from '../gate/b.js'"), file('src/gate/b.ts', "import type { A } from '../base/a.js'")],
    ],
    ['outside', 'a built-in', [file('src/tree/a.ts', "import { readFileSync } from 'node:fs'")]],
    ['outside', 'a built-in in a door', [file('src/index.ts', "import 'node:fs'")]],
    ['outside', 'xstate', [file('src/tree/a.ts', "import type { Actor } from 'xstate'")]],
    ['outside', 'a part of xstate', [file('src/tree/a.ts', "import { and } from 'xstate/guards'")]],
    ['outside', 'eventemitter3', [file('src/base/a.ts', "import { EventEmitter } from 'eventemitter3'")]],
    ['outside', 'pino', [file('src/daemon/a.ts', "import { pino } from 'pino'")]],
    ['outside', 'fast-check', [file('src/policy/a.ts', "import fc from 'fast-check'")]],
    ['outside', 'ws', [file('src/daemon/a.ts', "import { WebSocketServer } from 'ws'")]],
    ['outside', 'prom-client', [file('src/daemon/a.ts', "import { Registry } from 'prom-client'")]],
    ['outside', 'yaml', [file('src/daemon/a.ts', "import { parse } from 'yaml'")]],
    ['files', 'a long one', [file('src/base/a.ts', 'void 0\n'.repeat(260))]],
    ['files', 'utils', [empty('src/base/utils.ts')]],
    ['files', 'types', [empty('src/base/types.ts')]],
    ['files', 'no words at its beginning', [{ path: 'src/base/a.ts', text: 'export const it = 1\n' }]],
    ['contents', 'export *', [file('src/index.ts', "export * from './base/a.js'")]],
    ['contents', 'export type *', [file('src/index.ts', "export type * from './base/a.js'")]],
    ['contents', 'a default export', [file('src/base/a.ts', 'export default 1')]],
    ['contents', 'any, annotated', [file('src/base/a.ts', 'const a: any = 1')]],
    ['contents', 'any, asserted', [file('src/base/a.ts', 'const a = 1 as any')]],
    ['contents', 'any, as an argument', [file('src/base/a.ts', 'const a = new Map<string, any>()')]],
    ['contents', 'an enum', [file('src/base/a.ts', 'export enum A { B }')]],
    ['contents', 'a switched-off compiler', [file('src/base/a.ts', '// @ts-' + 'ignore\nvoid 0')]],
    ['contents', 'the machine it was written on', [file('src/base/a.ts', `// see ${'/wo'}rk/main`)]],
    ['contents', 'a registry', [file('src/base/a.ts', `const a = 'https://${'regis'}try.example'`)]],
    ['doors', 'code in a door', [file('src/index.ts', 'export const a = 1')]],
    ['doors', 'an import in a door', [file('src/index.ts', "import { a } from './base/a.js'")]],
  ]

  test.each(planted)('%s: %s', (rule, _what, sources) => {
    expect(rules[rule]?.(sources)).not.toEqual([])
  })
})

test('what looks like a violation and is none', () => {
  const sources = [
    file('src/base/a.ts', "// import { it } from '../tree/b.js'\n/* any: any */\nconst text = 'as any'\nconst anyone: Many = 1"),
    file('src/kernel/b.ts', "import { createActor } from 'xstate'\nimport { it } from '../base/a.js'\nimport type { C } from './c.js'"),
    file('src/kernel/c.ts', "import { type B, other } from '../base/a.js'"),
    file('src/daemon/d.ts', "import { readFileSync } from 'node:fs'\nimport { it } from '../kernel/b.js'"),
    file('src/index.ts', "export { it, type That } from './base/a.js'\nexport type {\n  C,\n} from './kernel/c.js'"),
  ]
  for (const rule of Object.values(rules)) expect(rule(sources)).toEqual([])
})
