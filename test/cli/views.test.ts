// The tree and the longest way of a stop as people see them.
import { describe, expect, test } from 'vitest'
import { drawStop } from '../../src/cli/stop-view.js'
import { drawBlueprint } from '../../src/cli/tree-view.js'
import { dynamicSupervisor, type Service, service, supervisor } from '../../src/index.js'
import type { Blueprint } from '../../src/policy/blueprint.js'
import { fitInto, withDefaults, worstCase } from '../../src/policy/worst-case.js'
import { Problems } from '../../src/protocol/spec.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { RunningSystem } from '../../src/tree/running-system.js'

const leaf = (id: string, options: object = {}): Service => service(id, { start: () => id, ...options })
const blueprint = (tree: Service): Blueprint => new RunningSystem(tree, new VirtualEnv(), new Problems()).blueprint()

function stop(tree: Service, graceMs: number, lameDuckMs = 0, observed = { scrapeMs: 0, spansMs: 0 }): string[] {
  const plan = blueprint(tree)
  const worst = worstCase(plan)
  const afterTree = { ...observed, logMs: 500 }
  const fit = fitInto(graceMs, { treeMs: worst.totalMs, lameDuckMs, flushMs: afterTree.scrapeMs + afterTree.spansMs + 500 })
  return drawStop({ worst, fit, graceMs, lameDuckMs, afterTree, withDefaultsMs: worstCase(withDefaults(plan)).totalMs })
}

/** The lines that begin with the verdict, as one. */
function verdict(tree: Service, graceMs: number): string {
  const lines = stop(tree, graceMs)
  const from = lines.findIndex((line) => line.startsWith('  It '))
  return lines.slice(from).join(' ').replace(/\s+/g, ' ').trim()
}

test('a tree: who is an edge, who uses whom, who comes later', () => {
  const db = leaf('db')
  const sessions = dynamicSupervisor('sessions', { child: () => leaf('session') }) as Service
  const web = supervisor('web', { order: 'graph', children: [leaf('api', { edge: true, uses: { db } }), sessions] })
  expect(drawBlueprint(blueprint(supervisor('shop', { children: [db, web] })))).toEqual([
    'shop',
    '├─ db',
    '└─ web  order: graph',
    '   ├─ api  edge, uses db',
    '   └─ sessions  children come at run time',
  ])
})

test('a big tree is cut off, a long line too', () => {
  const many = drawBlueprint(blueprint(supervisor('app', { children: Array.from({ length: 100 }, (_, at) => leaf(`c${at}`)) })))
  expect([many.length, many.at(-1)]).toEqual([61, '… and 41 more'])
  const [, line] = drawBlueprint(blueprint(supervisor('app', { children: [leaf('x'.repeat(200))] })))
  expect(line).toHaveLength(80)
})

describe('a stop', () => {
  test('along the graph, with defaults, one that is killed, and one whose supervisor leaves it less', () => {
    const db = leaf('db', { shutdown: '1s' })
    const slow = leaf('slow', { uses: { db }, shutdown: '90s' })
    const cut = supervisor('cut', { shutdown: '2s', children: [leaf('long', { shutdown: '5s' })] })
    const tree = supervisor('app', { order: 'graph', children: [db, slow, leaf('gone', { shutdown: 'brutal-kill' }), leaf('plain'), cut] })
    expect(stop(tree, 25_000, 1_500)).toEqual([
      'The longest way to stop                          takes       from      until',
      '  the rest, users before what they use',
      '    app/plain                                 (5.00 s)       0 ms       0 ms',
      '    app/gone                                    killed       0 ms       0 ms',
      '    app/cut/long                                2.00 s       0 ms     2.00 s',
      '    app/slow                                1 min 30 s       0 ms 1 min 30 s  *',
      '    app/db                                      1.00 s 1 min 30 s 1 min 31 s  *',
      '    * adds up to the time of the tree',
      '    (…) a default: nobody has promised it, so it is not counted. With it the',
      '    tree would take 1 min 31 s',
      '',
      '  lame duck                                     1.50 s',
      '  tree                                      1 min 31 s',
      '  log                                           500 ms',
      '  sum                                       1 min 33 s',
      '  grace                                        25.00 s',
      '  It does not fit: 1 min 8 s too long, so what stops last is cut short. Raise',
      '  `grace` by that much or more (and what the platform leaves with it), or lower',
      '  `shutdown` of app/slow (1 min 30 s) or of others with a *.',
    ])
  })

  test('one without a limit is named', () => {
    const tree = supervisor('app', { children: [leaf('a', { shutdown: '1s' }), leaf('hog', { shutdown: 'infinity' })] })
    expect(verdict(tree, 25_000)).toBe("It may never end: app/hog has `shutdown: 'infinity'`. What stops last is cut short; write a limit.")
    expect(stop(tree, 25_000)).toContain('    app/hog                                   no limit       0 ms      never  *')
    expect(verdict(tree, Number.POSITIVE_INFINITY)).toBe('It fits: there is no limit.')
  })

  test('what takes too long without any service: the lame duck', () => {
    const lines = stop(supervisor('app', { children: [leaf('a')] }), 1_000, 900)
    expect(lines.join(' ').replace(/\s+/g, ' ')).toMatch(/It does not fit: 400 ms too long, .*, or shorten `lameDuck` \(900 ms\)\.$/)
  })

  test('what comes after the tree is named, and what takes longest is to be shortened', () => {
    const tree = supervisor('app', { children: [leaf('a', { shutdown: '3s' })] })
    const lines = stop(tree, 10_000, 1_000, { scrapeMs: 15_000, spansMs: 1_000 })
    expect(lines.slice(lines.indexOf('') + 1, -3)).toEqual([
      '  lame duck                                     1.00 s',
      '  tree                                          3.00 s',
      '  final scrape                                 15.00 s',
      '  spans                                         1.00 s',
      '  log                                           500 ms',
      '  sum                                          20.50 s',
      '  grace                                        10.00 s',
    ])
    expect(lines.join(' ').replace(/\s+/g, ' ')).toMatch(/, or shorten `finalScrape` \(15\.00 s\)\.$/)
    expect(stop(tree, 2_000, 1_000, { scrapeMs: 2_000, spansMs: 0 }).join(' ')).toMatch(/or lower\s+`shutdown` of app\/a/)
  })

  test('of many: what counts, and how many there are beside', () => {
    const children = Array.from({ length: 100 }, (_, at) => leaf(`c${at}`, at % 10 === 0 ? { shutdown: '1s' } : {}))
    const lines = stop(supervisor('app', { children }), 25_000)
    expect(lines.filter((line) => line.startsWith('    app/'))).toHaveLength(10)
    expect(lines).toContain('  … and 90 services beside them')
  })
})
