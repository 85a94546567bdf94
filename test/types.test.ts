// The types are part of the API: test/types is compiled, and a mistake planted beside it is found.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, readSources } from './house/sources.js'

const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quiesce-types-'))
  // What is planted here is a module, whatever lies above.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Compiles files with the settings of the tests; returns the complaints, one a line. */
function compile(name: string, files: readonly string[]): string[] {
  const config = join(folder, `${name}.json`)
  const compilerOptions = { rootDir: '/', typeRoots: [join(ROOT, 'node_modules/@types')] }
  writeFileSync(config, JSON.stringify({ extends: join(ROOT, 'test/tsconfig.json'), compilerOptions, include: [], files }))
  const { stdout, stderr, status } = spawnSync(process.execPath, [compiler, '-p', config, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: folder,
  })
  const complaints = stdout.split('\n').filter((line) => /\berror TS\d+/.test(line))
  if (complaints.length === 0 && status !== 0) throw new Error(`the compiler did not run: ${stdout}${stderr}`)
  return complaints
}

const cases = readSources('test/types')

describe('test/types', () => {
  test('compiles, and every mistake in it is one', () => {
    const complaints = compile(
      'cases',
      cases.map(({ path }) => join(ROOT, path)),
    )
    expect(complaints.filter((line) => line.includes('test/types/'))).toEqual([])
  })

  test('holds cases of both kinds', () => {
    const text = cases.map((source) => source.text).join('\n')
    expect(text.match(/@ts-expect-error/g)?.length).toBeGreaterThan(30)
    expect(text.match(/\bsame</g)?.length).toBeGreaterThan(20)
  })
})

test('a case that does not hold is found', () => {
  const planted = readFileSync(join(ROOT, 'test/types/services.ts'), 'utf8')
    .replace("'./same.js'", `'${join(ROOT, 'test/types/same.js')}'`)
    .concat(
      "\n// @ts-expect-error there is no mistake below\nservice('fine', { start: () => 1 })\nsame<HandleOf<typeof plain>, string>()\n",
    )
  const file = join(folder, 'planted.ts')
  writeFileSync(file, planted)
  const found = compile('planted', [file]).filter((line) => line.includes('planted.ts'))
  expect(found.map((line) => /TS\d+/.exec(line)?.[0])).toEqual(['TS2578', 'TS2554'])
})
