// A host is given the tree instead of a daemon being started, and decides.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { becomeHost, type HandedOver, presentHost } from '../../src/daemon/host.js'
import { run, service, supervisor } from '../../src/index.js'

const OPTIONS = { log: false, probes: false, marker: false, exit: false } as const

let started = 0
const count = (): void => {
  started += 1
}
const tree = supervisor('shop', { children: [service('db', { shutdown: '2s', start: count })] })

describe('a host', () => {
  let taken: HandedOver[] = []
  let leave = (): void => {}
  beforeEach(() => {
    started = 0
    taken = []
    leave = becomeHost({
      take: (handedOver) => {
        taken.push(handedOver)
        return new Promise(() => {})
      },
    })
  })
  afterEach(() => leave())

  test('is given tree and options at once; nothing is started, nobody listens for signals', async () => {
    const before = process.listenerCount('SIGTERM')
    const settled = await Promise.race([
      run(tree, OPTIONS).then(() => 'settled'),
      new Promise((resolve) => setImmediate(resolve, 'pending')),
    ])
    expect([settled, taken.length, started, process.listenerCount('SIGTERM')]).toEqual(['pending', 1, 0, before])
    expect(taken[0]).toMatchObject({ tree, options: OPTIONS })
  })

  test('can ask what would be done, with flags laid over', async () => {
    void run(tree, { ...OPTIONS, grace: '10s', probes: { host: '127.0.0.1', port: 1 }, signals: { SIGHUP: 'ignore', SIGUSR2: 'stop' } })
    expect(taken[0]?.plan({ lameDuck: '2s', probes: { port: 2 } })).toMatchObject({
      problems: [],
      graceMs: 10_000,
      lameDuckMs: 2_000,
      afterTree: { scrapeMs: 0, spansMs: 0, logMs: 500 },
      probes: { host: '127.0.0.1', port: 2 },
      stopSignals: ['SIGTERM', 'SIGINT', 'SIGUSR2'],
      tree: { address: 'shop', children: [{ address: 'shop/db', shutdownMs: 2_000, shutdownWritten: true }] },
    })
    expect(taken[0]?.plan({ probes: { port: 2 } }).probes).toEqual({ host: '127.0.0.1', port: 2 })
    expect(started).toBe(0)
  })

  test('is told every problem of options, flags and tree', () => {
    void run(supervisor('shop', { children: [service('a b', { start: () => 1 })] }), { ...OPTIONS, log: {} as never })
    expect(taken[0]?.plan({ grace: -1 }).problems).toEqual([
      expect.stringContaining('`grace`'),
      expect.stringContaining('`log`'),
      expect.stringContaining('a b'),
    ])
    void run({} as never, OPTIONS)
    expect(taken[1]?.plan({})).toMatchObject({ tree: undefined, problems: [expect.stringContaining('the root is not a service')] })
  })

  test('can start it after all', async () => {
    void run(tree, OPTIONS)
    const stop = new AbortController()
    const report = await taken[0]?.start({ signal: stop.signal, onReady: () => stop.abort() })
    expect([report?.reason, report?.clean, started]).toEqual(['abort signal', true, 1])
  })

  test('is one until it leaves; whoever came later stays', () => {
    const host = presentHost()
    const other = { take: () => new Promise<never>(() => {}) }
    const leaveOther = becomeHost(other)
    leave()
    expect(presentHost()).toBe(other)
    leaveOther()
    expect([host === undefined, presentHost()]).toEqual([false, undefined])
  })
})

test('without a host a tree is run', async () => {
  const stop = new AbortController()
  const report = await run(tree, { ...OPTIONS, signal: stop.signal, onReady: () => stop.abort() })
  expect(report.clean).toBe(true)
})
