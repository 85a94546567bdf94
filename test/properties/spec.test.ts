// L13: late registration, circles, unknown, double and unreadable names are errors when the tree is built; all of them at once, each
// with its address; and a legal tree has none.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSystem, live, type Service, SpecError, service, supervisor } from '../../src/index.js'
import { scenarios } from '../../src/testing/arbitraries.js'
import { LAWS } from '../../src/testing/laws.js'
import { stageFor } from '../../src/testing/scenario.js'
import { extentOf } from './check.js'

const { runs, seed } = extentOf(500, 20_265)
const start = (): undefined => undefined

/** One mistake: what it adds to a sound supervisor, and what must be said of it. */
interface Mistake {
  readonly children: () => readonly Service[]
  readonly says: RegExp
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'one that is declared later': {
    children: () => {
      const used = service('late', { start })
      return [service('early', { uses: { used }, start }), used]
    },
    says: /app\/m\d\/early: uses app\/m\d\/late, which app\/m\d starts later/,
  },
  'one that is not there': {
    children: () => [service('lost', { uses: { ghost: service('ghost', { start }) }, start })],
    says: /app\/m\d\/lost: uses "ghost" \(ghost\), which is not in the tree/,
  },
  'one that stands there twice': {
    children: () => {
      const twin = service('twin', { start })
      const user = service('user', { uses: { twin: live(twin) }, start })
      return [supervisor('one', { children: [twin] }), supervisor('other', { children: [twin] }), user]
    },
    says: /app\/m\d\/user: uses "twin" \(twin\), which stands in the tree 2 times/,
  },
  'two of one name': {
    children: () => [service('same', { start }), service('same', { start })],
    says: /app\/m\d: two children have the id "same"/,
  },
  'a handle that would be dead': {
    children: () => {
      const inner = service('inner', { start })
      return [supervisor('box', { children: [inner] }), service('outer', { uses: { inner }, start })]
    },
    says: /app\/m\d\/outer: uses app\/m\d\/box\/inner, but .* would keep a dead handle/,
  },
  'a circle between branches': {
    children: () => {
      const a = service('a', { start })
      const b = service('b', { start })
      const one = supervisor('one', { children: [a, service('c', { uses: { b: live(b) }, start })] })
      const other = supervisor('other', { children: [b, service('d', { uses: { a: live(a) }, start })] })
      return [supervisor('round', { order: 'graph', children: [one, other] })]
    },
    says: /app\/m\d\/round: its children use each other in a circle: (one → other|other → one)/,
  },
  'a name that is an address': { children: () => [service('a/b', { start })], says: /app\/m\d\/a\/b: / },
  'significance without effect': {
    children: () => [service('vain', { restart: 'transient', significant: true, start })],
    says: /app\/m\d\/vain: `significant` has no effect/,
  },
  'a time that is none': {
    children: () => [service('slow', { shutdown: '5 minutes' as '5m', start })],
    says: /app\/m\d\/slow: `shutdown` is '5 minutes'/,
  },
}

const names = Object.keys(MISTAKES)

function problemsOf(root: Service): readonly string[] {
  try {
    createSystem(root)
    return []
  } catch (error) {
    if (error instanceof SpecError) return error.problems
    throw error
  }
}

test(`every mistake of a tree is named when it is built, ${runs} sets of them, seed ${seed}`, () => {
  const property = fc.property(fc.subarray(names, { minLength: 1 }), fc.boolean(), (chosen, hasSound) => {
    const branches = chosen.map((name, index) => supervisor(`m${index}`, { children: [...(MISTAKES[name]?.children() ?? [])] }))
    const sound = hasSound ? [service('sound', { start })] : []
    const problems = problemsOf(supervisor('app', { children: [...sound, ...branches] }))
    for (const [index, name] of chosen.entries()) {
      const own = problems.filter((problem) => problem.startsWith(`app/m${index}`))
      expect(own.length).toBeGreaterThan(0)
      expect(own.join('\n')).toMatch(MISTAKES[name]?.says as RegExp)
    }
    expect(problems.every((problem) => /^app\/m\d/.test(problem))).toBe(true)
  })
  fc.assert(property, { numRuns: runs, seed })
})

test(`a legal tree has none, ${runs} trees, seed ${seed}`, () => {
  const property = fc.property(scenarios(), (scenario) => {
    expect(() => stageFor(scenario, { laws: LAWS })).not.toThrow()
  })
  fc.assert(property, { numRuns: runs, seed })
})
