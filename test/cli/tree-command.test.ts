// `quiesce tree`: a daemon's answer as a table, cut to the width, with what there is to say and nothing else.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Row, rowsOf, sumOf } from '../../src/cli/live/folding.js'
import { uptime } from '../../src/cli/live/headline.js'
import { drawTable } from '../../src/cli/live/table.js'
import { paint } from '../../src/cli/paint.js'
import { treeCommand } from '../../src/cli/tree-command.js'
import { fakeDaemon, json, lonely, stateOf, treeOf } from './fake-daemon.js'

const shop = treeOf({
  id: 'shop',
  inFlight: 105,
  restarts: { count: 1, max: 3, withinMs: 5_000 },
  children: [
    { id: 'db', incarnation: 2, capacity: 20, inFlight: 3 },
    { id: 'cache', status: 'backing-off', state: 'stopped', incarnation: 7 },
    {
      id: 'web',
      inFlight: 102,
      children: [
        {
          id: 'api',
          edge: true,
          capacity: 100,
          inFlight: 100,
          waiting: 12,
          refused: { atCapacity: 41, draining: 0, notReady: 2 },
          health: { misses: 1, limit: 3 },
        },
        { id: 'admin-with-a-long-name', edge: true, state: 'settling', status: 'draining', inFlight: 2 },
      ],
    },
    { id: 'jobs', leader: { leading: true, term: '17' } },
    { id: 'mail', leader: { leading: false, term: undefined }, status: 'stopped', state: 'stopped', incarnation: 0 },
  ],
})
const everything = { depth: Number.POSITIVE_INFINITY, children: Number.POSITIVE_INFINITY }
const draw = (rows: readonly Row[], width: number): string[] =>
  drawTable(rows, { width }).map((line) => paint(line, { width, coloured: false }))

test('a table, wide enough', () => {
  expect(draw(rowsOf(shop, everything), 120)).toEqual([
    'service                       state        run  restarts      in flight  refused  missed  leader',
    'shop                          ready         #1  1/3 in 5 s          105',
    '├─ db                         ready         #2                     3/20',
    '├─ cache                      backing off   #7',
    '├─ web                        ready         #1                      102',
    '│  ├─ api                     ready         #1              100/100 +12       43     1/3',
    '│  └─ admin-with-a-long-name  settling      #1                        2',
    '├─ jobs                       ready         #1                                            term 17',
    '└─ mail                       not started                                                 standby',
  ])
})

test('where it is too narrow, names are cut, and columns left out, but never states and work', () => {
  expect(draw(rowsOf(shop, everything), 80)).toEqual([
    'service               state        run  restarts      in flight  missed  leader',
    'shop                  ready         #1  1/3 in 5 s          105',
    '├─ db                 ready         #2                     3/20',
    '├─ cache              backing off   #7',
    '├─ web                ready         #1                      102',
    '│  ├─ api             ready         #1              100/100 +12     1/3',
    '│  └─ admin-with-a-…  settling      #1                        2',
    '├─ jobs               ready         #1                                   term 17',
    '└─ mail               not started                                        standby',
  ])
  for (const width of [20, 40, 60, 80, 100]) {
    const lines = draw(rowsOf(shop, everything), width)
    expect(lines.filter((line) => line.length > width)).toEqual([])
  }
  expect(draw(rowsOf(shop, everything), 44)[0]).toMatch(/^service +state +in flight$/)
})

test('a column in which nobody has anything is left out', () => {
  expect(draw(rowsOf(treeOf({ id: 'shop', children: [{ id: 'db' }] }), everything), 80)).toEqual([
    'service  state  run',
    'shop     ready   #1',
    '└─ db    ready   #1',
  ])
})

describe('a thousand children', () => {
  const sessions = treeOf({
    id: 'shop',
    children: [
      {
        id: 'sessions',
        dynamic: true,
        children: Array.from({ length: 1_000 }, (_, at) => ({
          id: `s@${at}`,
          inFlight: at === 500 ? 9 : at % 2,
          ...(at === 700 ? { status: 'backing-off', state: 'stopped' } : {}),
          ...(at === 900 ? { incarnation: 4 } : {}),
        })),
      },
    ],
  })

  test('those are shown that tell something, in their order; the rest is a line of numbers', () => {
    expect(draw(rowsOf(sessions, { ...everything, children: 5 }), 80)).toEqual([
      'service      state        run  in flight',
      'shop         ready         #1',
      '└─ sessions  ready         #1',
      '   ├─ s@1    ready         #1          1',
      '   ├─ s@500  ready         #1          9',
      '   ├─ s@700  backing off   #1',
      '   ├─ s@900  ready         #4',
      '   └─ … 996 more: 996 ready, 499 in flight',
    ])
  })

  test('all of them, if that is asked for; none below a depth', () => {
    expect(rowsOf(sessions, everything)).toHaveLength(1_002)
    expect(draw(rowsOf(sessions, { ...everything, depth: 1 }), 80)).toEqual([
      'service                           state  run',
      'shop                              ready   #1',
      '└─ sessions  1000 services below  ready   #1',
    ])
  })

  test('a sum: the most frequent state first', () => {
    expect(sumOf([sessions])).toBe('999 ready, 1 backing off, 509 in flight')
  })
})

test('how long it has been up', () => {
  expect([900, 59_999, 61_000, 3_599_000, 7_260_000, 172_800_000].map(uptime)).toEqual([
    '0 s',
    '59 s',
    '1 min 1 s',
    '59 min 59 s',
    '2 h 1 min',
    '2 d 0 h',
  ])
})

describe('the command', () => {
  const request = {
    command: 'tree',
    target: undefined,
    socket: undefined,
    timeoutMs: 5_000,
    depth: Number.POSITIVE_INFINITY,
    all: false,
    json: false,
  } as const
  const surface = { width: 80, coloured: false }

  async function rig(): Promise<{ env: NodeJS.ProcessEnv; asked: readonly string[] }> {
    const { env, folder } = lonely()
    const { asked } = await fakeDaemon(join(folder, 'shop-12.sock'), { 'GET /state': json(stateOf(shop)) })
    return { env, asked }
  }

  test('asks once, and prints who it is and how it is on the whole before the table', async () => {
    const { env, asked } = await rig()
    const { text, notes } = await treeCommand(request, env, surface)
    expect(text.split('\n').slice(0, 4)).toEqual([
      `shop  ready   pid ${process.pid} on web-1, up 3 h 12 min, quiesce 0.1.0, Node 20.19.0`,
      '6 services: 3 ready, 1 backing off, 1 not started, 1 settling, 105 in flight',
      '',
      expect.stringMatching(/^service +state/),
    ])
    expect({ notes, asked }).toEqual({ notes: [], asked: ['GET /state'] })
  })

  test('of a part, named with the root or without it', async () => {
    const { env } = await rig()
    for (const target of ['shop/web', 'web', '12/web', 'shop-12/web']) {
      const { text } = await treeCommand({ ...request, target }, env, surface)
      expect(text).toContain('\n2 services: 1 ready, 1 settling, 102 in flight\n')
      expect(text).not.toContain('cache')
    }
  })

  test('of a place that is not there', async () => {
    const { env } = await rig()
    const wrong = treeCommand({ ...request, target: 'shop/web/apo' }, env, surface)
    await expect(wrong).rejects.toThrow(`there is no web/apo in shop (pid ${process.pid}); did you mean shop/web/api?`)
  })

  test('as JSON: who, when, and the tree as it is', async () => {
    const { env } = await rig()
    const { text } = await treeCommand({ ...request, json: true, target: 'web', depth: 0 }, env, surface)
    const { tree, daemon, at } = JSON.parse(text)
    expect({ tree, id: daemon.id, at }).toEqual({ tree: { ...shop.children[2], children: [] }, id: 'shop', at: 11_520_000 })
  })

  test('of a daemon that gives balancers time: it is stopping, though all are ready', async () => {
    const { env, folder } = lonely()
    const stop = { reason: 'SIGTERM', startedAt: 0, budgetMs: 1, inFlight: 0, phases: [] }
    await fakeDaemon(join(folder, 'shop-12.sock'), {
      'GET /state': json(stateOf(treeOf({ id: 'shop', children: [{ id: 'db' }] }), { stop })),
    })
    expect((await treeCommand(request, env, surface)).text).toMatch(/^shop {2}stopping {3}pid .*\n1 service: 1 ready\n/)
  })

  test('colours only where they are wanted', async () => {
    const { env } = await rig()
    expect((await treeCommand(request, env, surface)).text).not.toContain('\u001b')
    expect((await treeCommand(request, env, { width: 80, coloured: true })).text).toContain('\u001b[32mready\u001b[0m')
  })
})
