import { describe, expect, test } from 'vitest'
import { generateScript } from './generate.js'
import { interpret } from './interpret.js'
import { askOtp, hasErlang } from './oracle/ask.js'
import { vectorsIn } from './vectors.js'

const isMissing = !hasErlang()
if (isMissing && process.env['CI'] !== 'true')
  process.stdout.write('No Erlang here, so nobody to compare with: apt-get install erlang-base\n')

describe.skipIf(isMissing && process.env['CI'] !== 'true')('side by side with the Erlang/OTP of this machine', () => {
  test('fresh random scripts, line for line', async () => {
    const scripts = new Map(Array.from({ length: 60 }, (_, index) => [`s${index}.sup`, generateScript(70_000 + index)]))
    const expected = askOtp(scripts)
    for (const [name, script] of scripts) expect(`${(await interpret(name, script)).join('\n')}\n`, script).toBe(expected.get(name))
  })

  test('our oracle says what was recorded', () => {
    const vectors = vectorsIn('fuzz').slice(0, 40)
    const traces = askOtp(new Map(vectors.map(({ name, script }) => [`${name}.sup`, script])))
    for (const { name, otp } of vectors) expect(traces.get(`${name}.sup`)).toBe(otp)
  })
})

test('the same seed makes the same script, another seed another', () => {
  expect(generateScript(1)).toBe(generateScript(1))
  expect(generateScript(1)).not.toBe(generateScript(2))
})
