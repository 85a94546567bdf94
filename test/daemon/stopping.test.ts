// The stop of a daemon, in virtual time.
import { expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.js'
import { type RunOptions, readOptions } from '../../src/daemon/options.js'
import { Stopping } from '../../src/daemon/stopping.js'
import { Problems } from '../../src/protocol/spec.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { createSystem, type System } from '../../src/tree/system.js'
import { VirtualEnv } from '../support/virtual-env.js'

const never = new Promise<never>(() => {})

async function rig(options: RunOptions, drain: () => unknown = () => undefined) {
  const env = new VirtualEnv()
  const said: string[] = []
  const log: Log = { ...silentLog, info: (fields: object | string, message?: string) => void said.push(message ?? String(fields)) }
  const problems = new Problems()
  const settings = readOptions({ probes: false, marker: false, exit: true, ...options, log }, problems)
  expect(problems.list).toEqual([])
  const system = createSystem(supervisor('app', { children: [service('a', { start: () => 1, drain, shutdown: '1h' })] }), { env })
  let overdue = 0
  const stopping = new Stopping(system, env, settings, () => {
    overdue += 1
  })
  system.whenEnding(() => stopping.follow('by itself'))
  let report: unknown
  void system.ended().then((ended) => {
    report = ended
    stopping.over()
  })
  const started = system.start()
  await env.settle()
  await started
  return { env, said, system, stopping, status: () => ({ ended: report !== undefined, overdue, pending: env.pending() }) }
}

test('with nothing in flight no timer has to tick between the request and the report', async () => {
  const { env, said, stopping, status } = await rig({})
  stopping.begin('SIGTERM', true)
  expect(stopping.begun).toBe(true)
  await env.settle()
  expect(env.now).toBe(0)
  expect(status()).toEqual({ ended: true, overdue: 0, pending: 0 })
  expect(said).toEqual(['drain started', 'readiness 503', 'stopping the tree'])
})

test('it begins once, whoever asks how often', async () => {
  const { env, said, stopping } = await rig({}, () => never)
  for (let count = 0; count < 3; count += 1) stopping.begin('SIGTERM', true)
  stopping.follow('itself')
  stopping.undoStart()
  await env.settle()
  expect(said).toEqual(['drain started', 'readiness 503', 'stopping the tree'])
})

test('the lame duck is waited for while serving, ended by a hurry, and by the tree ending by itself', async () => {
  for (const end of ['time', 'hurry', 'follow'] as const) {
    const { env, said, stopping, status } = await rig({ lameDuck: '5s' })
    stopping.begin('SIGTERM', true)
    await env.advance(4_999)
    expect(said).not.toContain('stopping the tree')
    if (end === 'time') await env.advance(1)
    if (end === 'hurry') stopping.hurry()
    if (end === 'follow') stopping.follow('by itself')
    await env.settle()
    expect(said).toContain('stopping the tree')
    expect(status()).toEqual({ ended: true, overdue: 0, pending: 0 })
  }
  const early = await rig({ lameDuck: '5s' })
  early.stopping.begin('SIGTERM', false)
  await early.env.settle()
  expect(early.status().ended).toBe(true)
})

test('the lame duck is a part of the grace: what hangs is given up within it', async () => {
  const { env, stopping, system, status } = await rig({ grace: '10s', lameDuck: '4s' }, () => never)
  stopping.begin('SIGTERM', true)
  await env.advance(4_000)
  const report = await Promise.race([system.ended(), env.run().then(() => system.ended())])
  expect(report.budgetMs).toBe(5_500)
  expect(env.now).toBeLessThanOrEqual(9_500)
  expect(status()).toMatchObject({ ended: true, overdue: 0 })
})

test('a process that lives longer than its grace is ended; without a limit, or where it does not exit, never', async () => {
  for (const [options, expected] of [
    [{ grace: '10s' }, 1],
    [{ grace: '10s', exit: false }, 0],
    [{ grace: Number.POSITIVE_INFINITY }, 0],
  ] as const) {
    const env = new VirtualEnv()
    const settings = readOptions({ probes: false, log: false, ...options }, new Problems())
    // A tree that does not keep its deadline, which must not happen.
    const system = { ...createSystem(supervisor('app', { children: [] })), stop: () => never, tree: () => ({ inFlight: 0 }) }
    let overdue = 0
    const stopping = new Stopping(system as unknown as System, env, settings, () => {
      overdue += 1
    })
    stopping.begin('SIGTERM', true)
    await env.advance(10_999)
    expect(overdue).toBe(0)
    await env.advance(2 ** 31)
    expect(overdue).toBe(expected)
  }
})

test('a failed start is undone in peace, until a tenth of the grace is left', async () => {
  const { env, stopping, status } = await rig({ grace: '10s' }, () => never)
  stopping.undoStart()
  expect(stopping.hasTold).toBe(false)
  await env.advance(8_500)
  expect(stopping.hasTold).toBe(false)
  await env.advance(50)
  expect(stopping.hasTold).toBe(true)
  await env.advance(950)
  expect(status()).toEqual({ ended: true, overdue: 0, pending: 0 })
})

test('a hurry while a failed start is undone cuts in at once', async () => {
  const { env, stopping, status } = await rig({ grace: '10s' }, () => never)
  stopping.undoStart()
  stopping.hurry()
  expect(stopping.hasTold).toBe(true)
  await env.settle()
  expect(status().ended).toBe(true)
})
