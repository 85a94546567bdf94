// The watchdog on the side of the main thread, what its thread says, and that its thread needs nothing but its own text.
import { createContext, runInContext } from 'node:vm'
import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { formatMs } from '../../src/base/duration.js'
import { run } from '../../src/daemon/run.js'
import { CELLS, type Found, lastLine, placeOf, type WatchdogData } from '../../src/daemon/watchdog/thread.js'
import { threadSource } from '../../src/daemon/watchdog/watchdog.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'

test('the place is the application’s part of the stack, innermost first', () => {
  const stack = [
    'Error',
    '    at quiesce-watchdog:4:26',
    '    at quiesce-watchdog:7:5',
    '    at RegExp.test (<anonymous>)',
    '    at matches (file:///app/parse.js:3:14)',
    '    at Object.parse (/app/old.cjs:10:3)',
    '    at AsyncLocalStorage.run (node:async_hooks:346:14)',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    '    at async Promise.all (index 0)',
    '    at async file:///app/main.js:7:1',
  ]
  expect(placeOf(stack.join('\n'))).toBe(
    'RegExp.test, called by matches (/app/parse.js:3:14), called by Object.parse (/app/old.cjs:10:3), called by async Promise.all (index 0)',
  )
})

test.each(['', 'Error', 'Error\n    at quiesce-watchdog:4:26\n    at runNextTicks (node:internal/process/task_queues:65:5)'])(
  'where nothing of the application is in the stack, there is no place: %j',
  (stack) => expect(placeOf(stack)).toBeUndefined(),
)

test('its last line says what, how long against which limit, where, and what to do', () => {
  const found: Found = {
    verdict: 'too-long',
    stillMs: 10_100,
    limitMs: 10_000,
    graceMs: 25_000,
    place: 'f (/app/a.js:1:2)',
    isSilent: false,
  }
  const end = 'Killed by SIGKILL, nothing was drained. Cut this work up or move it to a worker thread'
  expect(lastLine(found, formatMs)).toBe(
    `the event loop has not turned for 10.10 s, \`watchdog\` is 10.00 s; at f (/app/a.js:1:2). ${end}, or raise \`watchdog\` if it may take so long.`,
  )
  expect(lastLine({ ...found, verdict: 'stop-overdue' }, formatMs)).toBe(
    `the stop has taken more than its grace of 25.00 s and a second, and the event loop has not turned for 10.10 s; at f (/app/a.js:1:2). ${end}.`,
  )
  expect(lastLine({ ...found, place: undefined, isSilent: true }, formatMs)).toContain(
    '; in native code or a call of the system that does not return, so',
  )
  expect(lastLine({ ...found, place: undefined }, formatMs)).toContain('; where is not known. ')
})

type Answer = (error: object | null, answer: object) => void
type Paused = (message: object) => void

const IN_SPIN = { result: { value: JSON.stringify(['Error\n    at spin (file:///app/a.js:1:2)', '']) } }

/** The thread in a world that holds nothing but what it is given: what it does at its next looks. */
function threadIn(connect: () => void, answer: (tell: Answer) => void, write?: () => never, stops: readonly object[] = []) {
  const did: string[] = []
  const cells = new Int32Array(Object.keys(CELLS).length)
  let look = (): void => {}
  const toCome = [...stops]
  class Session {
    #paused: Paused = () => {}
    connectToMainThread(): void {
      connect()
      did.push('connected')
    }
    on(_event: string, fn: Paused): void {
      this.#paused = fn
    }
    disconnect(): void {
      did.push('disconnected')
    }
    post(method: string, _options: object, tell: Answer): void {
      did.push(method)
      if (method === 'Debugger.pause' || method === 'Debugger.stepInto') this.#paused({ params: { callFrames: [toCome.shift()] } })
      if (method !== 'Runtime.evaluate') return
      try {
        answer(tell)
      } catch {
        // In truth it is called in a turn of its own, with nobody around it.
        did.push('the thread has crashed')
      }
    }
  }
  const fs = {
    openSync: () => 9,
    writeSync: (fd: number, text: string) => write?.() ?? did.push(`${fd}: ${text}`),
    constants: { O_WRONLY: 1, O_APPEND: 2 },
  }
  const limits = { everyMs: 100, limitMs: 300, overdueMs: 100, asksAtMost: 2 }
  const data: WatchdogData = { limits, graceMs: 1_000, cells, markerFile: 'run.marker' }
  const world = {
    Atomics,
    setInterval: (fn: () => void) => {
      look = fn
    },
    process: {
      pid: 5,
      kill: (pid: number, signal: string) => did.push(`${signal} ${pid}`),
      getBuiltinModule: (name: string) => (name === 'node:fs' ? fs : { Session }),
    },
    require: () => ({ workerData: data }),
  }
  runInContext(threadSource(), createContext(world))
  const looks = (count: number): string[] => {
    did.length = 0
    for (let done = 0; done < count; done += 1) look()
    return [...did]
  }
  return { cells, looks }
}

test('the text of the thread is all that it needs: in a world without anything else it looks, asks, says and kills', () => {
  const { cells, looks } = threadIn(
    () => {},
    (tell) => tell(null, IN_SPIN),
  )
  expect(looks(3)).toEqual([])
  expect(looks(1)).toEqual(['connected', 'Runtime.evaluate'])
  // It turns after all.
  cells[CELLS.turns] = 1
  expect(looks(1)).toEqual(['disconnected'])
  expect(looks(3)).toEqual(['connected', 'Runtime.evaluate'])
  expect(looks(1)).toEqual([
    expect.stringMatching(
      /^2: quiesce: the event loop has not turned for 400 ms, `watchdog` is 300 ms; at spin \(\/app\/a\.js:1:2\)\. .*\n$/,
    ),
    expect.stringMatching(/^9: \n\{"endedAt":"[^"]+","stillMs":400,"place":"spin \(\/app\/a\.js:1:2\)"\}$/),
    'SIGKILL 5',
  ])
})

test('where nothing of the application is on the stack, as between two steps of a chain of promises, it is led on until something is', () => {
  const location = { lineNumber: 6, columnNumber: 2 }
  const stops = [
    { functionName: 'promiseAfterHook', url: '', location },
    { functionName: 'processTicks', url: 'node:internal/process/task_queues', location },
    { functionName: 'chain', url: 'file:///app/a.js', location },
  ]
  const idle = { result: { value: JSON.stringify(['Error\n    at quiesce-watchdog:4:26', '']) } }
  const { looks } = threadIn(
    () => {},
    (tell) => tell(null, idle),
    undefined,
    stops,
  )
  const asked = ['connected', 'Runtime.evaluate', 'Debugger.enable', 'Debugger.pause', 'Debugger.stepInto', 'Debugger.stepInto']
  expect(looks(4)).toEqual(asked)
  expect(looks(1)).toEqual([expect.stringContaining('; at chain (/app/a.js:7:3). '), expect.any(String), 'SIGKILL 5'])
})

const fail = (): never => {
  throw new Error('not here')
}

test.each<[string, () => void, (tell: Answer) => void, (() => never)?]>([
  ['the inspector cannot be reached', fail, () => {}],
  ['nobody answers', () => {}, () => {}],
  ['the answer is an error', () => {}, (tell) => tell({ code: 1 }, {})],
  ['the question throws', () => {}, (tell) => tell(null, { result: {}, exceptionDetails: {} })],
  ['nothing can be written', () => {}, (tell) => tell(null, IN_SPIN), fail],
])('it kills in any case, also when %s', (_what, connect, answer, write) => {
  const did = threadIn(connect, answer, write).looks(6)
  expect(did).toContain('SIGKILL 5')
  expect(did).not.toContain('the thread has crashed')
})

async function threadOf(watched: object): Promise<Worker | undefined> {
  const stop = new AbortController()
  let thread: Worker | undefined
  const take = (made: Worker): void => {
    thread = made
  }
  process.once('worker', take)
  const tree = supervisor('app', { children: [service('a', { start: () => 1 })] })
  const options = { signal: stop.signal, probes: false, admin: false, marker: false, log: false, ...watched } as const
  await run(tree, { ...options, onReady: () => stop.abort() })
  process.off('worker', take)
  return thread
}

test('in a process that goes on, the thread has ended with its daemon', async () => {
  const thread = await threadOf({ watchdog: '1h' })
  // What a thread has that is no more.
  expect(thread?.threadId).toBe(-1)
  expect(await threadOf({})).toBeUndefined()
})
