// The check for what is left behind: each kind of leak is found and named with the line that made it; what ends, or goes away by itself,
// is none; what the test runner makes meanwhile is not ours.
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { watch } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createSystem, dynamicSupervisor, service, supervisor } from 'quiesce'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Leak, type LeakCheck, leakCheck } from '../../src/testing/leak-check.js'

function begin(options?: Parameters<typeof leakCheck>[0]): LeakCheck {
  const check = leakCheck(options)
  onTestFinished(() => check[Symbol.dispose]())
  return check
}

const named = (leaks: readonly Leak[]): string[] => leaks.map(({ what, count }) => `${count} ${what}`)

async function listening(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const portOf = (server: Server): number => (server.address() as { port: number }).port

describe('a leak is found, and gone when it is ended', () => {
  test('a timer, with the line that made it', async () => {
    const check = begin()
    const timer = setInterval(() => {}, 1_000)
    expect(await check.leaks()).toEqual([
      { what: 'Timeout', count: 1, madeAt: [expect.stringMatching(/^test\/testing\/leak-check\.test\.ts:\d+$/)] },
    ])
    clearInterval(timer)
    await check.expectNone()
  })

  test('two timers of one line, and one that does not keep the process alive', async () => {
    const check = begin()
    const timers = [1, 2].map(() => setTimeout(() => {}, 60_000))
    const loose = setInterval(() => {}, 1_000).unref()
    const leaks = await check.leaks()
    expect(named(leaks)).toEqual(['2 Timeout', '1 Timeout (unref)'])
    expect(leaks.map(({ madeAt }) => madeAt.length)).toEqual([1, 1])
    for (const timer of [...timers, loose]) clearTimeout(timer)
    await check.expectNone()
  })

  test('a promise that waits for a timer', async () => {
    const check = begin()
    const abort = new AbortController()
    const waiting = sleep(60_000, undefined, { signal: abort.signal }).catch(() => {})
    expect(named(await check.leaks())).toEqual(['1 Timeout'])
    abort.abort()
    await waiting
    await check.expectNone()
  })

  test('a server that listens and both ends of a connection', async () => {
    const check = begin()
    const server = await listening()
    expect(named(await check.leaks())).toEqual(['1 TCPServerWrap'])
    const socket = connect(portOf(server), '127.0.0.1')
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')])
    const leaks = await check.leaks()
    expect(named(leaks)).toEqual(['1 TCPServerWrap', '2 TCPSocketWrap'])
    expect(leaks[1]?.madeAt).toEqual([expect.stringContaining('leak-check.test.ts')])
    socket.destroy()
    accepted.destroy()
    server.close()
    await check.expectNone()
  })

  test('an HTTP server, but not the timers that Node sets for it', async () => {
    const check = begin()
    const server = createHttpServer((_req, res) => res.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await (await fetch(`http://127.0.0.1:${portOf(server)}`, { headers: { connection: 'close' } })).text()
    expect(named(await check.leaks())).toEqual(['1 TCPServerWrap'])
    server.close()
    await check.expectNone()
  })

  test('a child process', async () => {
    const check = begin()
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    expect(named(await check.leaks())).toEqual(['1 ProcessWrap'])
    child.kill('SIGKILL')
    await once(child, 'close')
    await check.expectNone()
  })

  test('a worker thread', async () => {
    const check = begin()
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
    await once(worker, 'online')
    expect(named(await check.leaks())).toEqual(['1 Worker'])
    await worker.terminate()
    await check.expectNone()
  })

  test('a watcher of files', async () => {
    const check = begin()
    const watcher = watch(import.meta.dirname)
    expect(named(await check.leaks())).toEqual(['1 FSEventWrap'])
    watcher.close()
    await check.expectNone()
  })

  test('a listener on the process', async () => {
    const check = begin()
    const listener = (): void => {}
    process.on('SIGUSR2', listener)
    expect(named(await check.leaks())).toEqual(['1 listener for SIGUSR2'])
    process.off('SIGUSR2', listener)
    await check.expectNone()
  })

  test('a listener on what lives longer', async () => {
    const pool = new EventEmitter()
    const abort = new AbortController()
    pool.on('error', () => {})
    const check = begin({ emitters: { pool, shutdown: abort.signal } })
    const listener = (): void => {}
    pool.on('error', listener)
    abort.signal.addEventListener('abort', listener)
    expect(named(await check.leaks())).toEqual(['1 listener for error on pool', '1 listener for abort on shutdown'])
    pool.off('error', listener)
    abort.signal.removeEventListener('abort', listener)
    await check.expectNone()
  })
})

describe('actors', () => {
  test('those that live are named, and none is left by a stop', async () => {
    const check = begin()
    const sessions = dynamicSupervisor('sessions', { child: (name: string) => service('session', { start: () => name }) })
    const system = check.watch(createSystem(supervisor('shop', { children: [service('db', { start: () => 'pool' }), sessions] })))
    await system.start()
    await system.ref(sessions).handle.start('ann')
    expect((await check.leaks()).map(({ what }) => what)).toEqual([
      'actor shop#1 (ready)',
      'actor shop/db#1 (ready)',
      'actor shop/sessions#1 (ready)',
      'actor shop/sessions/session@1#1 (ready)',
    ])
    await system.stop()
    await check.expectNone()
  })

  test('one that was given up counts as long as its hook runs', async () => {
    const check = begin()
    let answer = (): void => {}
    const hung = service('hung', {
      start: () => 'handle',
      stop: () =>
        new Promise<void>((resolve) => {
          answer = resolve
        }),
    })
    const system = check.watch(createSystem(supervisor('shop', { children: [hung] })))
    await system.start()
    await system.stop({ deadline: 1 })
    expect((await check.leaks()).map(({ what }) => what)).toEqual(['actor shop/hung#1 (given up, a hook of it still runs)'])
    answer()
    await check.expectNone()
  })
})

describe('no leak is', () => {
  test('what goes away by itself', async () => {
    const check = begin({ settle: '10s' })
    setTimeout(() => {}, 20)
    const server = await listening()
    server.close()
    await check.expectNone()
  })

  test('what was there before, also when it ends meanwhile', async () => {
    const timer = setInterval(() => {}, 1_000)
    const check = begin()
    clearInterval(timer)
    await check.expectNone()
  })
})

describe('from hook to hook', () => {
  let check: LeakCheck
  beforeEach(() => {
    check = leakCheck()
  })
  afterEach(() => check.expectNone())

  test('nothing of the runner counts, first', () => {})
  test('nothing of the runner counts, second', async () => {
    await sleep(1)
  })
})

describe('what it says', () => {
  test('names, counts and lines', async () => {
    const check = begin()
    const timers = [1, 2].map(() => setInterval(() => {}, 1_000))
    process.on('SIGUSR2', timers.at)
    await expect(check.expectNone()).rejects.toThrow(
      /^left behind: 2 × Timeout \(made at test\/testing\/leak-check\.test\.ts:\d+\), listener for SIGUSR2$/,
    )
    process.off('SIGUSR2', timers.at)
    for (const timer of timers) clearInterval(timer)
  })

  test('that a patience which is no duration is none', () => {
    expect(() => leakCheck({ settle: 'soon' as '1s' })).toThrow('soon is not a duration')
  })
})
