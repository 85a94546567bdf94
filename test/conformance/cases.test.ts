import { describe, expect, test } from 'vitest'
import { interpret } from './interpret.js'
import { differenceNames, vectorsIn } from './vectors.js'

const vectors = vectorsIn('cases')

describe('hand-written scripts against Erlang/OTP, line for line', () => {
  for (const { name, script, otp, here, difference } of vectors) {
    const title = difference === undefined ? name : `${name} (differs by the rule "${difference.rule}")`
    test(title, async () => {
      const trace = `${(await interpret(`${name}.sup`, script)).join('\n')}\n`
      expect(trace).toBe(here ?? otp)
      // A difference that is none any more must go.
      if (here !== undefined) expect(here).not.toBe(otp)
    })
  }

  test('all 46 are there, and every difference belongs to one of them', () => {
    expect(vectors).toHaveLength(46)
    const names = vectors.map(({ name }) => name)
    expect(differenceNames.filter((name) => !names.includes(name))).toEqual([])
    expect(vectors.filter(({ difference }) => difference === undefined)).toHaveLength(46 - differenceNames.length)
  })
})
