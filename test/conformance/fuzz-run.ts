// `npm run conformance:fuzz -- --seed S --count N`: fresh random scripts, run by this runtime and by the Erlang/OTP of this machine;
// every trace must be equal line for line. A script that differs is written down beside its two traces.
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateScript } from './generate.js'
import { interpret } from './interpret.js'
import { askOtp, hasErlang } from './oracle/ask.js'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '100' } } })
const seed = Number(values.seed)
const count = Number(values.count)

async function main(): Promise<number> {
  if (!Number.isInteger(seed) || !Number.isInteger(count) || count < 1) {
    process.stderr.write('--seed and --count are whole numbers, --count at least 1\n')
    return 2
  }
  if (!hasErlang()) {
    process.stderr.write('No Erlang on this machine: apt-get install erlang-base\n')
    return 2
  }
  const scripts = new Map(Array.from({ length: count }, (_, index) => [`s${seed + index}.sup`, generateScript(seed + index)]))
  const expected = askOtp(scripts)
  const failed: string[] = []
  for (const [name, script] of scripts) {
    const here = `${(await interpret(name, script)).join('\n')}\n`
    if (here !== expected.get(name)) failed.push(keep(name, script, expected.get(name) ?? '', here))
  }
  for (const path of failed) process.stdout.write(`differs: ${path}\n`)
  process.stdout.write(`${count - failed.length} passed, ${failed.length} failed\n`)
  return failed.length === 0 ? 0 : 1
}

function keep(name: string, script: string, otp: string, here: string): string {
  const folder = join(tmpdir(), 'quiesce-conformance')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name.slice(0, -'.sup'.length))
  writeFileSync(`${path}.sup`, script)
  writeFileSync(`${path}.otp`, otp)
  writeFileSync(`${path}.here`, here)
  return `${path}.sup, .otp, .here`
}

process.exitCode = await main()
