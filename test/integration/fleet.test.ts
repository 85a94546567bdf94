// The example fleet: its tour shows a refusal, a handover and a takeover by real processes, and its books agree.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { checkBuild } from '../support/daemon-process.js'

const isLinux = process.platform === 'linux'
if (!isLinux) process.stdout.write('No Linux here, so the example fleet, whose lease is local, is not run\n')

beforeAll(checkBuild)

test.skipIf(!isLinux)(
  'the tour of the fleet: handed over, taken over, refused, and nothing lost or doubled',
  { timeout: 120_000 },
  async () => {
    const { NODE_OPTIONS, NODE_ENV, ...env } = process.env
    const how = { cwd: ROOT, env: { ...env, NO_COLOR: '1' }, timeout: 110_000 }
    const tour = promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/fleet/main.ts', '--tour'], how)
    const { code, output } = await tour.then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, output: stdout + stderr }),
    )
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(output).not.toContain('✗')
    expect(output).not.toContain('Warning')
    for (const line of output.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
    expect(output).toMatch(/✓ exit codes +0 SIGKILL 0\n/)
    // What the README of the example shows is what is shown.
    const readme = readFileSync(join(ROOT, 'examples/fleet/README.md'), 'utf8')
    const shown = /```text\n([\s\S]*?)```/.exec(readme)?.[1]?.split('\n') ?? []
    expect(shown.length).toBeGreaterThan(10)
    const kept = (lines: readonly string[]): string[] =>
      lines.filter((line) => /^\d\. |^ {2}✓/.test(line)).map((line) => line.replace(/ +\d+$/, ' N'))
    expect(kept(output.split('\n'))).toEqual(kept(shown))
  },
)
