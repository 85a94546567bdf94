import { describe, expect, test } from 'vitest'
import { interpret } from './interpret.js'
import { vectorsIn } from './vectors.js'

const vectors = vectorsIn('fuzz')

describe('random scripts against Erlang/OTP, line for line', () => {
  test('all 300 are there, none with a difference', () => {
    expect(vectors).toHaveLength(300)
    expect(vectors.filter(({ difference }) => difference !== undefined)).toEqual([])
  })

  for (const { name, script, otp } of vectors) {
    test(name, async () => {
      expect(`${(await interpret(`${name}.sup`, script)).join('\n')}\n`).toBe(otp)
    })
  }
})
