// The example that tests its own shutdown: its tests pass with both runners, and with the planted bug the property finds it and says when.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { checkBuild } from '../support/daemon-process.js'

interface Ended {
  readonly code: number
  readonly output: string
}

/** Runs the script of the example, without the build before it. */
async function example(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { NODE_OPTIONS, NODE_ENV, FORGETFUL, ...own } = process.env
  const clean = Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('VITEST')))
  const how = { cwd: ROOT, env: { ...clean, NO_COLOR: '1', ...env }, timeout: 110_000 }
  const run = promisify(execFile)('npm', ['run', '--ignore-scripts', 'example:test-your-shutdown'], how)
  return await run.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, output: stdout + stderr }),
  )
}

beforeAll(checkBuild)

test('its tests pass, with vitest and with node:test', { timeout: 120_000 }, async () => {
  const { code, output } = await example()
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/Tests +15 passed/) })
  expect(output).toMatch(/^(#|ℹ) pass 10$/m)
})

test('the planted bug is found by the property alone, within 100 runs, as the README shows', { timeout: 120_000 }, async () => {
  const { code, output } = await example({ FORGETFUL: '1' })
  expect(code).not.toBe(0)
  expect(output).toMatch(/Tests +1 failed \| 14 passed/)
  const readme = readFileSync(join(ROOT, 'examples/test-your-shutdown/README.md'), 'utf8')
  const shown = /```text\n([\s\S]*?)```/.exec(readme)?.[1]?.trim().split('\n') ?? []
  expect(shown).toHaveLength(4)
  for (const line of shown) expect(output).toContain(line)
  expect(Number(/Property failed after (\d+) tests/.exec(output)?.[1])).toBeLessThanOrEqual(100)
})
