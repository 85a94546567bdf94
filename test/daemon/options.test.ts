// What `run` is told: everything wrong is a problem, and all problems come together.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RunOptions, readOptions } from '../../src/daemon/options.js'
import { foreignListeners, listenForSignals, signalProblem } from '../../src/daemon/signals.js'
import { startWarnings } from '../../src/daemon/start-warnings.js'
import { Problems } from '../../src/protocol/spec.js'

function problemsOf(options: object): readonly string[] {
  const problems = new Problems()
  readOptions(options as RunOptions, problems)
  return problems.list
}

// Whatever this suite itself was started by.
beforeEach(() => {
  for (const name of ['npm_lifecycle_event', 'QUIESCE_PRESTOP_TOKEN']) vi.stubEnv(name, undefined)
})
afterEach(() => vi.unstubAllEnvs())

test.each([
  [{ grace: 'soon' }, '`grace`'],
  [{ grace: -1 }, '`grace`'],
  [{ grace: '1s', lameDuck: '2s' }, '`lameDuck` (2.00 s) leaves nothing of `grace` (1.00 s)'],
  [{ finalScrape: '35s' }, '`finalScrape` (35.00 s) leaves nothing of `grace` (25.00 s) for the drain'],
  [
    { grace: '30s', lameDuck: '10s', finalScrape: '20s' },
    '`lameDuck` (10.00 s) and `finalScrape` (20.00 s) leave nothing of `grace` (30.00 s) for the drain',
  ],
  [{ probes: true }, '`probes` is true'],
  [{ probes: { port: 1.5 } }, '`probes.port` is 1.5'],
  [{ probes: { port: -1 } }, '`probes.port` is -1'],
  [{ log: {} }, '`log` is no logger: it has no trace, debug, info, warn, error, fatal'],
  [{ log: null }, '`log` is no logger'],
  [{ signal: {} }, '`signal` is an object, not an AbortSignal'],
  [{ marker: 5 }, '`marker` is 5'],
  [{ onReady: 'x' }, '`onReady` is not a function'],
  [{ contain: 'yes' }, '`contain`'],
  [{ exit: 1 }, '`exit`'],
  [{ stdin: 1 }, '`stdin`'],
  [{ watchdog: '900ms' }, "`watchdog` is '900ms', too short to tell blocked from busy; write 1s or more"],
  [{ watchdog: 0 }, '`watchdog` is 0, too short'],
  [{ watchdog: true }, '`watchdog` is true, not a duration'],
  [{ report: 5 }, '`report` is 5; write the path of a file'],
  [{ report: '' }, '`report`'],
  [{ signals: { SIGTERM: 'no' } }, '`signals.SIGTERM`'],
  [{ signals: { SIGSEGV: 'stop' } }, 'SIGSEGV cannot be handled in JavaScript'],
  [{ signals: { TERM: 'stop' } }, '"TERM" is not the name of a signal'],
])('%o is one problem', (options, problem) => {
  expect(problemsOf(options)).toEqual([expect.stringContaining(problem)])
})

test('all problems at once', () => {
  expect(
    problemsOf({ grace: 'x', watchdog: 1, probes: { port: 99_999 }, marker: 1, signals: { SIGKILL: 'stop', SIGSTOP: 'stop' } }),
  ).toHaveLength(6)
})

test('the defaults', () => {
  const settings = readOptions({}, new Problems())
  expect(settings).toMatchObject({
    graceMs: 25_000,
    lameDuckMs: 0,
    probes: { host: '127.0.0.1', port: 9_000, portWritten: false },
    contains: true,
    exits: true,
    stdin: false,
    watchdogMs: undefined,
  })
  expect([...settings.signals]).toEqual([
    ['SIGTERM', 'escalate'],
    ['SIGINT', 'escalate'],
    ['SIGHUP', 'escalate'],
  ])
  expect(readOptions({ signal: new AbortController().signal }, new Problems()).exits).toBe(false)
})

test('a port without a host is one that was written; a host without a port is not', () => {
  expect(readOptions({ probes: { port: 9_000 } }, new Problems()).probes?.portWritten).toBe(true)
  expect(readOptions({ probes: { host: '::1' } }, new Problems()).probes).toEqual({ host: '::1', port: 9_000, portWritten: false })
})

test('the token of /prestop, without the newline that files end with; an empty one is none', () => {
  const tokens = [undefined, '', ' \n', 'swordfish', 'sword fish\n'].map((token) => {
    vi.stubEnv('QUIESCE_PRESTOP_TOKEN', token)
    return readOptions({}, new Problems()).prestopToken
  })
  expect(tokens).toEqual([undefined, undefined, undefined, 'swordfish', 'sword fish'])
})

describe('signals of the process', () => {
  test.each(['SIGTERM', 'SIGUSR2', 'SIGBREAK'])('%s can be listened for', (name) => expect(signalProblem(name)).toBeUndefined())

  test('one listener for all who listen, removed with the last of them, whoever goes first', () => {
    const before = process.listenerCount('SIGUSR2')
    const heard: string[] = []
    const first = listenForSignals(['SIGUSR2'], () => heard.push('first'))
    const second = listenForSignals(['SIGUSR2'], () => heard.push('second'))
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1)
    expect(foreignListeners('SIGUSR2')).toHaveLength(before)
    process.emit('SIGUSR2', 'SIGUSR2')
    first()
    first()
    process.emit('SIGUSR2', 'SIGUSR2')
    second()
    expect(process.listenerCount('SIGUSR2')).toBe(before)
    expect(heard).toEqual(['first', 'second', 'second'])
  })
})

test('a signal that the platform does not have is passed over, the others are heard', () => {
  const on = vi.spyOn(process, 'on').mockImplementationOnce(() => {
    throw new Error('uv_signal_start EINVAL')
  })
  const heard: string[] = []
  const stop = listenForSignals(['SIGBREAK', 'SIGUSR2'], (name) => heard.push(name))
  on.mockRestore()
  process.emit('SIGUSR2', 'SIGUSR2')
  stop()
  expect(heard).toEqual(['SIGUSR2'])
})

describe('warnings at the start', () => {
  const warnings = (options: RunOptions, worstMs = 0, isScraped = false): string[] =>
    startWarnings(readOptions(options, new Problems()), worstMs, isScraped).map(({ message }) => message)

  test('a grace that is too short, lame duck and flush counted', () => {
    expect(warnings({ grace: '10s' }, 9_500)).toEqual([])
    expect(warnings({ grace: '10s' }, 9_501)).toEqual(['a stop may take 10.00 s, but grace is 10.00 s: what comes last is cut short'])
    expect(warnings({ grace: '10s', lameDuck: '1s' }, 9_000)).toHaveLength(1)
    expect(warnings({ grace: '10s' }, Number.POSITIVE_INFINITY)).toEqual([
      'a stop may last without limit, but grace is 10.00 s: what comes last is cut short',
    ])
    expect(warnings({ grace: Number.POSITIVE_INFINITY }, Number.POSITIVE_INFINITY)).toEqual([])
  })

  test('a report file without a folder', () => {
    expect(warnings({ report: 'package.json' })).toEqual([])
    expect(warnings({ report: 'no/such/folder/reports.jsonl' })).toEqual([
      expect.stringMatching(/^the folder for the report is not there: .*no.such.folder;/),
    ])
  })

  test('a last scrape for which nobody can come', () => {
    expect(warnings({ finalScrape: '5s' }, 0, true)).toEqual([])
    expect(warnings({}, 0, false)).toEqual([])
    const keeps = '`finalScrape` keeps 5.00 s of `grace` for a scraper, but'
    expect(warnings({ finalScrape: '5s' })).toEqual([`${keeps} no observer answers one: is metrics(…) missing in \`observers\`?`])
    expect(warnings({ finalScrape: '5s', probes: false }, 0, true)).toEqual([`${keeps} with \`probes: false\` none can come`])
  })

  test('a package manager as parent, in production', () => {
    vi.stubEnv('npm_lifecycle_event', 'serve')
    vi.stubEnv('NODE_ENV', 'production')
    expect(warnings({})).toEqual([expect.stringMatching(/^started by a package manager.*start node without it: node /)])
    vi.stubEnv('NODE_ENV', 'development')
    expect(warnings({})).toEqual([])
  })

  test('a token of /prestop that gives balancers no time', () => {
    const lameDuck = '5s'
    expect(warnings({ lameDuck, probes: false })).toEqual([])
    vi.stubEnv('QUIESCE_PRESTOP_TOKEN', 'swordfish')
    expect(warnings({ lameDuck })).toEqual([])
    expect(warnings({})).toEqual(['/prestop gives balancers no time to take notice, since `lameDuck` is 0'])
    expect(warnings({ lameDuck, probes: false })).toEqual(['QUIESCE_PRESTOP_TOKEN is set, but with `probes: false` there is no /prestop'])
    vi.stubEnv('QUIESCE_PRESTOP_TOKEN', '')
    expect(warnings({ lameDuck })).toEqual(['QUIESCE_PRESTOP_TOKEN is empty: there is no /prestop'])
  })

  test('others who listen for a signal that stops the daemon, by name', () => {
    const exitsAtOnce = (): void => {}
    process.on('SIGUSR2', exitsAtOnce)
    try {
      expect(warnings({ signals: { SIGUSR2: 'stop' } })).toEqual([
        'others listen for SIGUSR2 too and may end the process before its time: exitsAtOnce',
      ])
      expect(warnings({ signals: { SIGUSR2: 'ignore' } })).toEqual([])
    } finally {
      process.off('SIGUSR2', exitsAtOnce)
    }
  })
})
