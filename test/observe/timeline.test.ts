// The timeline as people see it: 80 columns, whatever the report says.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawTimeline, summarize } from '../../src/observe/report/timeline.js'
import type { ServiceReport } from '../../src/policy/report.js'
import { path, report, row } from './reports.js'

test('a clean stop: what was finished, what was closed, in the shape of the tree', () => {
  const text = drawTimeline(
    report(
      [
        row('shop', [0, 4_000, 4_000], { kind: 'supervisor' }),
        row('shop/db', [3_900, 3_900, 4_000]),
        row('shop/web', [0, 3_900, 3_900], { kind: 'supervisor' }),
        row('shop/web/api', [0, 2_000, 3_900], { inFlight: 12 }),
      ],
      { totals: { acked: 2, failed: 0, killed: 0, abandoned: 0, 'never-started': 0 }, inFlight: 12 },
    ),
  )
  expect(text).toBe(
    [
      'stopped cleanly (SIGTERM) in 4.00 s of 24.50 s: 2 acked,',
      '  12 in flight at the start',
      '',
      '         0                                 4.00 s',
      'shop     ──────────────────────────────────────── 4.00 s',
      '  db                                            █ 100 ms',
      '  web    ──────────────────────────────────────── 3.90 s',
      '    api  ····················████████████████████ 3.90 s, 12 finished',
      '         · finishing  █ closing',
    ].join('\n'),
  )
})

test('what went wrong is said where it happened: cut off, abandoned, failed, with the errors below', () => {
  const text = drawTimeline(
    report(
      [
        row('shop', [0, 4_000, 4_000], { kind: 'supervisor' }),
        row('shop/streams', [0, 2_000, 2_100], { inFlight: 3, forced: true, forceCancelled: 2 }),
        row('shop/hung', [2_100, 2_100, 2_400], { verdict: 'abandoned', exit: 'killed' }),
        row('shop/never', [], { verdict: 'never-started', exit: undefined }),
      ],
      {
        clean: false,
        totals: { acked: 1, failed: 0, killed: 0, abandoned: 1, 'never-started': 1 },
        inFlight: 3,
        forceCancelled: 2,
        errors: Array.from({ length: 6 }, () => ({ atMs: 3_150, address: 'shop/ledger', message: 'Error: gone\nsecond line' })),
        errorCount: 240,
      },
    ),
  )
  const lines = text.split('\n')
  expect(lines.slice(0, 2)).toEqual([
    'stopped, not cleanly (SIGTERM) in 4.00 s of 24.50 s: 1 acked, 1 abandoned,',
    '  1 never started, 3 in flight at the start, 2 cut off',
  ])
  expect(text).toMatch(/ {2}streams +·+!█? +2\.10 s, 2 of 3 cut off\n/)
  expect(text).toMatch(/ {2}hung +█+ +300 ms, abandoned\n/)
  expect(text).toContain('· finishing  █ closing  ! cut off')
  expect(text).not.toContain('never\n')
  expect(lines.filter((line) => line === 'at 3.15 s, shop/ledger:')).toHaveLength(5)
  expect(lines.filter((line) => line === '  Error: gone')).toHaveLength(5)
  expect(lines.at(-1)).toBe('and 235 more errors')
})

test('those that decided how long it took are marked, and what was still held is said', () => {
  const text = drawTimeline(
    report(
      [
        row('shop', [0, 4_000, 4_000], { kind: 'supervisor' }),
        row('shop/db', [3_000, 3_000, 4_000], { verdict: 'abandoned', held: { permits: 0, hooks: ['stop', 'run'], releases: 0 } }),
        row('shop/log', [0, 0, 10]),
        row('shop/api', [0, 3_000, 3_000], { inFlight: 2 }),
      ],
      { criticalPath: path(['shop/api', 'settling', 3_000], ['shop', 'between', 100], ['shop/db', 'closing', 900]), clean: false },
    ),
  )
  expect(text.split('\n').slice(2)).toEqual([
    '         0                                 4.00 s',
    'shop     ──────────────────────────────────────── 4.00 s',
    '  db    ▸                              ██████████ 1.00 s, abandoned in stop, run',
    '  log    █                                        10 ms',
    '  api   ▸······························█          3.00 s, 2 finished',
    '         · finishing  █ closing  ▸ decided how long it took',
  ])
})

test('a stop under way', () => {
  const text = drawTimeline(
    report(
      [
        row('shop', [], { kind: 'supervisor', verdict: 'stopping' }),
        row('shop/db', [], { verdict: 'stopping' }),
        row('shop/api', [0, 100, 200]),
      ],
      {
        complete: false,
        clean: false,
        tookMs: 1_000,
        totals: { acked: 1, failed: 0, killed: 0, abandoned: 0, 'never-started': 0, stopping: 1 },
      },
    ),
  )
  expect(text).toContain('still stopping (SIGTERM) after 1.00 s of 24.50 s: 1 acked, 1 stopping\n')
  expect(text).toMatch(/\n {2}db {40,}stopping\n/)
})

test('warnings are broken between words, the first five, a number and its unit on one line', () => {
  const text = `the stop of \`shop\` took 5.55 s, 2.70 s of it \`shop/worker\`: 93 % of its 6.00 s. Give it more time, or shorten that.`
  const warning = { code: 'budget', address: 'shop', ms: 5_550, limitMs: 6_000, text } as const
  const lines = drawTimeline(report([row('a', [0, 0, 1])], { warnings: Array(7).fill(warning), warningCount: 130 })).split('\n')
  const from = lines.findIndex((line) => line.startsWith('!'))
  expect(lines.slice(from, from + 2)).toEqual([
    '! the stop of `shop` took 5.55 s, 2.70 s of it `shop/worker`: 93 % of its',
    '  6.00 s. Give it more time, or shorten that.',
  ])
  expect(lines.filter((line) => line.startsWith('!'))).toHaveLength(5)
  expect(lines.at(-1)).toBe('and 125 more warnings')
})

describe('a big tree', () => {
  const shop = row('shop', [0, 500, 500], { kind: 'supervisor' })
  const quick = (from: number, count: number): ServiceReport[] =>
    Array.from({ length: count }, (_, index) => row(`shop/c${from + index}`, [0, 0, 0.2]))

  test('only those that tell something have a line of their own', () => {
    const services = [
      shop,
      ...quick(0, 20),
      row('shop/slow', [0, 400, 500]),
      ...quick(20, 18),
      row('shop/bad', [0, 0, 0], { verdict: 'failed', errors: ['Error: x'] }),
    ]
    const lines = drawTimeline(
      report(services, { tookMs: 500, criticalPath: path(['shop/slow', 'settling', 400], ['shop/slow', 'closing', 100]) }),
    ).split('\n')
    expect(lines.slice(3, -1)).toEqual([
      'shop     ──────────────────────────────────────── 500 ms',
      '  … 20 more stopped within 1 ms each',
      '  slow  ▸································████████ 500 ms',
      '  … 18 more stopped within 1 ms each',
      '  bad    █                                        0 ms, failed',
    ])
  })

  test('when nobody took any time, one line says so', () => {
    const lines = drawTimeline(report([shop, ...quick(0, 1_000)], { tookMs: 5 })).split('\n')
    expect(lines.slice(3, -1)).toEqual([expect.stringMatching(/^shop +─+ 500 ms$/), '  … 1000 more stopped within 1 ms each'])
  })

  test('when all were given up, a screen of them and how many more', () => {
    const hung = (index: number): ServiceReport => row(`shop/c${index}`, [0, 0, 1_000], { verdict: 'abandoned' })
    const lines = drawTimeline(report([shop, ...Array.from({ length: 500 }, (_, index) => hung(index))])).split('\n')
    expect(lines.length).toBeLessThan(35)
    expect(lines).toContain('  … 477 more within 1.00 s each: 477 abandoned')
  })

  test('a branch of which nothing is told is one line, one level below those that stand beside it', () => {
    const team = (index: number, ms: number): ServiceReport[] => [
      row(`shop/t${index}`, [0, 0, ms], { kind: 'supervisor' }),
      ...Array.from({ length: 12 }, (_, at) => row(`shop/t${index}/m${at}`, [0, 0, ms])),
    ]
    const lines = drawTimeline(report([shop, ...team(0, 0), ...team(1, 50)])).split('\n')
    expect(lines.slice(4, 6)).toEqual(['  … 12 more stopped within 1 ms each', expect.stringMatching(/^ {2}t1 +─+ +50 ms$/)])
  })

  test('one hundred thousand of them', () => {
    const text = drawTimeline(report([shop, ...quick(0, 100_000)]))
    expect(text).toContain('… 100000 more stopped within 1 ms each')
  })

  test('a report that leaves some out says so', () => {
    expect(drawTimeline({ ...report([shop]), servicesLeftOut: 940 })).toContain('\nand 940 more, which this report leaves out')
  })
})

test('deep trees keep their names', () => {
  const services = Array.from({ length: 20 }, (_, depth) =>
    row(Array.from({ length: depth + 1 }, (_, at) => `level-${at}`).join('/'), [0, 0, 1]),
  )
  const lines = drawTimeline(report(services)).split('\n')
  for (let depth = 0; depth < 20; depth += 1)
    expect(lines.some((line) => line.includes(` level-${depth} `) || line.startsWith(`level-${depth} `))).toBe(true)
})

test('what comes from outside cannot move the cursor or break a line', () => {
  const message = 'Error: \u001b[2Jgone\u0007\u202e\r'
  const text = drawTimeline(
    report([row('a', [0, 0, 1])], { reason: 'SIG\nTERM\u001b[31m', errors: [{ atMs: 1, address: 'a', message }], errorCount: 1 }),
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  expect(text.split('\n')[0]).toBe('stopped cleanly (SIG TERM [31m) in 4.00 s of 24.50 s: 1 acked')
})

test('the summary is one line', () => {
  expect(summarize(report([row('a', [0, 0, 1])], { tookMs: 0.4, budgetMs: Number.POSITIVE_INFINITY }))).toBe(
    'stopped cleanly (SIGTERM) in 0 ms: 1 acked',
  )
})

test('no line is wider than 80 columns, and no report makes it throw', () => {
  const moment = fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined })
  const service = fc.record({
    address: fc.array(fc.stringMatching(/^[a-z-]{1,50}$/), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
    times: fc.tuple(moment, moment, moment),
    verdict: fc.constantFrom('acked', 'failed', 'killed', 'abandoned', 'never-started' as const),
    kind: fc.constantFrom('service', 'supervisor' as const),
    forced: fc.boolean(),
    inFlight: fc.nat(1e6),
    forceCancelled: fc.nat(1e6),
  })
  fc.assert(
    fc.property(fc.array(service), fc.string(), fc.double({ min: 0, max: 1e7, noNaN: true }), (services, reason, tookMs) => {
      const rows = services.map(({ address, times, ...rest }) => row(address, times, rest))
      const errors = rows.map(({ address }) => ({ atMs: 1, address, message: reason }))
      const clean = reason.replaceAll('\n', ' ')
      const text = drawTimeline(report(rows, { reason: clean, tookMs, errors, errorCount: errors.length }))
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    }),
  )
})
