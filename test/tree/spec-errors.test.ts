import { describe, expect, test } from 'vitest'
import { createSystem, dynamicSupervisor, live, type Service, SpecError, service, supervisor } from '../../src/index.js'

const leaf = (id: string, options: object = {}): Service => service(id, { start: () => id, ...options }) as Service

function problemsOf(tree: Service): readonly string[] {
  try {
    createSystem(tree)
  } catch (error) {
    if (error instanceof SpecError) return error.problems
    throw error
  }
  return []
}

describe('what is wrong with a tree is told all at once', () => {
  test('every problem, each with its address, nothing started', () => {
    let started = 0
    const counted = service('fine', {
      start: () => {
        started += 1
      },
    })
    const problems = problemsOf(
      supervisor('shop', {
        intensity: { max: -1, within: 0 },
        children: [
          counted,
          leaf('twin'),
          leaf('twin'),
          leaf('a/b'),
          leaf('slow', { shutdown: -5, startTimeout: '5 minutes' as '5m' }),
          leaf('both', { run: async () => {} }),
          service('neither', {} as never),
          leaf('sig', { significant: true }),
          leaf('odd', { restart: 'sometimes' as 'permanent' }),
          supervisor('inner', { strategy: 'all-for-one' as 'one-for-all', children: 7 as unknown as [] }),
          dynamicSupervisor('many', { child: leaf('x') as unknown as () => Service, maxChildren: -2 }),
          'nobody' as unknown as Service,
        ],
      }),
    )
    const about = (where: string): string[] => problems.filter((problem) => problem.startsWith(`${where}: `))
    expect(about('shop').join('\n')).toMatch(
      /intensity\.within.*\n.*intensity\.max.*\n.*two children have the id "twin".*\n.*child 12 is not a service/s,
    )
    expect(about('shop/a/b')[0]).toMatch(/contains "\/"/)
    expect(about('shop/slow').join()).toMatch(/`shutdown` is -5.*`startTimeout` is '5 minutes'/)
    expect(about('shop/both')[0]).toMatch(/both `start` and `run`/)
    expect(about('shop/neither')[0]).toMatch(/neither `start` nor `run`/)
    expect(about('shop/sig').join('\n')).toMatch(/transient or temporary.*\n.*no effect/s)
    expect(about('shop/odd')[0]).toMatch(/'permanent', 'transient', 'temporary'/)
    expect(about('shop/inner').join()).toMatch(/`children` is not an array.*|`strategy` is 'all-for-one'/)
    expect(about('shop/many').join()).toMatch(
      /`maxChildren` is -2.*`child` is an object, not a function that makes a service; write `child: \(\) => …`/,
    )
    expect(started).toBe(0)
  })

  test('a supervisor that would never give up is refused, and a window without an end', () => {
    const tree = (max: number, within: number): Service => supervisor('s', { intensity: { max, within }, children: [] })
    expect(problemsOf(tree(Number.POSITIVE_INFINITY, 5_000))).toHaveLength(1)
    expect(problemsOf(tree(3, Number.POSITIVE_INFINITY))).toHaveLength(1)
    expect(problemsOf(tree(0, 1))).toEqual([])
  })

  test('the root must be a supervisor', () => {
    expect(problemsOf(leaf('alone'))[0]).toMatch(/the root must be a supervisor/)
  })
})

describe('uses that cannot be', () => {
  const db = leaf('db')

  test('one that is not in the tree', () => {
    expect(problemsOf(supervisor('s', { children: [leaf('api', { uses: { db } })] }))[0]).toMatch(
      /s\/api: uses "db" \(db\), which is not in the tree/,
    )
  })

  test('one that stands there twice', () => {
    const problems = problemsOf(
      supervisor('s', {
        children: [supervisor('a', { children: [db] }), supervisor('b', { children: [db] }), leaf('api', { uses: { db } })],
      }),
    )
    expect(problems).toEqual([expect.stringMatching(/2 times \(s\/a\/db, s\/b\/db\)/)])
  })

  test('one that starts later, with the remedy', () => {
    const later = supervisor('s', { children: [leaf('api', { uses: { db } }), db] })
    expect(problemsOf(later)).toEqual([
      expect.stringMatching(/s\/api: uses s\/db, which s starts later; declare db before api, or set `order: 'graph'` on s/),
    ])
    expect(problemsOf(supervisor('s', { order: 'graph', children: [leaf('api', { uses: { db } }), db] }))).toEqual([])
  })

  test('one that could be restarted without its user, unless it is live', () => {
    const under = (use: object): Service =>
      supervisor('s', { strategy: 'one-for-one', children: [db, leaf('api', { uses: { db: use as Service } })] })
    expect(problemsOf(under(db))[0]).toMatch(
      /s \(strategy one-for-one\) can restart it without s\/api.*Write `db: live\(…\)`, or set `strategy: 'dependents'` on s/,
    )
    expect(problemsOf(under(live(db)))).toEqual([])
    const nested = supervisor('s', { children: [supervisor('data', { children: [db] }), leaf('api', { uses: { db } })] })
    expect(problemsOf(nested)[0]).toMatch(/s\/data can restart it without s knowing.*or move db up to the children of s/)
  })

  test('bound are: later siblings under rest-for-one, all under one-for-all, also from within a branch', () => {
    for (const strategy of ['rest-for-one', 'one-for-all', 'dependents'] as const) {
      const branch = supervisor('web', { children: [leaf('api', { uses: { db } })] })
      expect(problemsOf(supervisor('s', { strategy, children: [db, branch] }))).toEqual([])
    }
  })

  test('itself, its supervisor, or one below it', () => {
    const inner = leaf('inner')
    const web = supervisor('web', { children: [inner, leaf('api', { uses: { up: live(inner) } })] })
    expect(problemsOf(supervisor('s', { children: [web] }))).toEqual([])
    const loop: Service = leaf('loop', { uses: {} })
    const user = leaf('user', { uses: { web: live(web) } })
    expect(problemsOf(supervisor('s', { children: [web, user, loop] }))).toEqual([])
    const parent = supervisor('s', { children: [] })
    expect(problemsOf(supervisor('s', { children: [leaf('x', { uses: { parent } })] }))[0]).toMatch(/not in the tree/)
  })

  test('a circle, also one that exists only between branches', () => {
    const a = leaf('a')
    const c = leaf('c')
    const left = supervisor('left', { children: [a, leaf('b', { uses: { c: live(c) } })] })
    const right = supervisor('right', { children: [c, leaf('d', { uses: { a: live(a) } })] })
    const problems = problemsOf(supervisor('s', { order: 'graph', children: [left, right] }))
    expect(problems).toEqual([
      expect.stringMatching(/^s: its children use each other in a circle: (left → right → left|right → left → right)$/),
    ])
  })

  test('a circle among those that use others as well', () => {
    const [loose, c] = [leaf('loose'), leaf('c')]
    const left = supervisor('left', { children: [leaf('a'), leaf('b', { uses: { c: live(c), loose: live(loose) } })] })
    const [a] = [leaf('a2')]
    const both = supervisor('both', { children: [a, leaf('b2', { uses: { c: live(c), loose: live(loose) } })] })
    const right = supervisor('right', { children: [c, leaf('d', { uses: { a: live(a) } })] })
    const problems = problemsOf(supervisor('s', { order: 'graph', children: [loose, left, both, right] }))
    expect(problems).toEqual([expect.stringMatching(/circle: (both → right → both|right → both → right)$/)])
  })

  test('a chain of 20 000 uses is no circle and no overflow', () => {
    const children: Service[] = [leaf('c0')]
    for (let index = 1; index < 20_000; index += 1) children.push(leaf(`c${index}`, { uses: { before: children[index - 1] as Service } }))
    expect(problemsOf(supervisor('s', { order: 'graph', children }))).toEqual([])
  })
})
