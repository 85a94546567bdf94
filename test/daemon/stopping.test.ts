// The stop of a daemon, in virtual time.
import { expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.js'
import { type RunOptions, readOptions } from '../../src/daemon/options.js'
import { flushLimit, Stopping } from '../../src/daemon/stopping.js'
import { Problems } from '../../src/protocol/spec.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { buildSystem, type System } from '../../src/tree/system.js'

const never = new Promise<never>(() => {})

async function rig(options: RunOptions, drain: () => unknown = () => undefined) {
  const env = new VirtualEnv()
  const said: string[] = []
  const say = (fields: object | string, message?: string): void => void said.push(message ?? String(fields))
  const log: Log = { ...silentLog, info: say, warn: say }
  const problems = new Problems()
  const settings = readOptions({ probes: false, marker: false, exit: true, ...options, log }, problems)
  expect(problems.list).toEqual([])
  const system = buildSystem(supervisor('app', { children: [service('a', { start: () => 1, drain, shutdown: '1h' })] }), env)
  const told: string[] = []
  system.on((fact) => {
    if (fact.type === 'shutdown-announced') told.push(`${fact.reason}, ${fact.inFlight} in flight, ${fact.budgetMs} ms`)
    if (fact.type === 'shutdown-started') told.push(`started, ${fact.budgetMs} ms`)
    if (fact.type === 'phase-started') told.push(fact.phase)
  })
  let overdue = 0
  const stopping = new Stopping(system, env, settings, {
    begun: () => {},
    overdue: () => {
      overdue += 1
    },
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
  return { env, said, told, system, stopping, status: () => ({ ended: report !== undefined, overdue, pending: env.pending() }) }
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

test('pitfall 44: the lame duck is a part of the grace: what hangs is given up within it', async () => {
  const { env, stopping, system, status } = await rig({ grace: '10s', lameDuck: '4s' }, () => never)
  stopping.begin('SIGTERM', true)
  await env.advance(4_000)
  const report = await Promise.race([system.ended(), env.run().then(() => system.ended())])
  expect(report.budgetMs).toBe(5_500)
  expect(env.now).toBeLessThanOrEqual(9_500)
  expect(status()).toMatchObject({ ended: true, overdue: 0 })
})

test('a process that lives longer than its grace is ended; without a limit, or where it does not exit, never', async () => {
  for (const [options, expected, told] of [
    [{ grace: '10s' }, 1, [11_000]],
    [{ grace: '10s', exit: false }, 0, []],
    [{ grace: Number.POSITIVE_INFINITY }, 0, [Number.POSITIVE_INFINITY]],
  ] as const) {
    const env = new VirtualEnv()
    const settings = readOptions({ probes: false, log: false, ...options }, new Problems())
    // A tree that does not keep its deadline, which must not happen.
    const system = { stop: () => never, tell: () => {}, tree: () => ({ inFlight: 0 }) }
    let overdue = 0
    const begun: number[] = []
    const stopping = new Stopping(system as unknown as System, env, settings, {
      begun: (limitMs) => begun.push(limitMs),
      overdue: () => {
        overdue += 1
      },
    })
    stopping.begin('SIGTERM', true)
    // At once: the loop may not turn any more.
    expect(begun).toEqual(told)
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

// --- what balancers and clients are told

test('the share of answers that send clients elsewhere: none, more and more during the lame duck, all in the drain', async () => {
  const { env, stopping, system } = await rig({ lameDuck: '8s' }, () => never)
  expect(stopping.leaving()).toBe(0)
  stopping.begin('SIGTERM', true)
  expect(stopping.leaving()).toBe(1 / 8)
  await env.advance(4_000)
  expect(stopping.leaving()).toBe(9 / 16)
  await env.advance(4_000)
  expect(system.tree().children[0]?.status).toBe('draining')
  expect(stopping.leaving()).toBe(1)
})

test('the share is all where there is no lame duck: in a plain stop, when the tree ends by itself, when a start is undone', async () => {
  for (const how of ['begin', 'follow', 'undoStart'] as const) {
    const { stopping } = await rig({}, () => never)
    if (how === 'begin') stopping.begin('SIGTERM', true)
    else if (how === 'follow') stopping.follow('itself')
    else stopping.undoStart()
    expect(stopping.leaving(), how).toBe(1)
  }
})

// --- a prestop

const PRESTOP = { lameDuck: '5s', grace: '20s' } as const

test('a prestop: not ready at once, answered after the lame duck; the stop that follows does not wait again', async () => {
  const { env, said, stopping, status } = await rig(PRESTOP)
  expect(stopping.leave).toBeUndefined()
  const answer = settled(stopping.prestop(true))
  expect(stopping.leave).toBe('prestop')
  expect(stopping.begun).toBe(false)
  expect(said).toEqual(['prestop: readiness 503'])
  await env.advance(4_999)
  expect(answer.value).toBeUndefined()
  await env.advance(1)
  expect(answer.value).toEqual({ outcome: 'began', waitedMs: 5_000 })
  expect(stopping.leaving()).toBe(1)
  stopping.begin('SIGTERM', true)
  expect(stopping.leave).toBe('stopping')
  await env.settle()
  expect(env.now).toBe(5_000)
  expect(said).toEqual(['prestop: readiness 503', 'drain started', 'stopping the tree'])
  expect(status()).toEqual({ ended: true, overdue: 0, pending: 0 })
})

test('a timer that is early by a fraction leaves nothing to wait for', async () => {
  const { env, said, stopping } = await rig(PRESTOP)
  const { clock } = env
  const isEarly = { ...clock, after: (ms: number, fn: () => void, keepAlive?: boolean) => clock.after(ms - 0.5, fn, keepAlive) }
  Object.assign(env, { clock: isEarly })
  const answer = settled(stopping.prestop(true))
  await env.advance(4_999.5)
  expect(answer.value).toEqual({ outcome: 'began', waitedMs: 5_000 })
  stopping.begin('SIGTERM', true)
  expect(said).toEqual(['prestop: readiness 503', 'drain started', 'stopping the tree'])
})

test('the grace counts from the stop, not from the prestop', async () => {
  const { env, stopping, system } = await rig(PRESTOP, () => never)
  void stopping.prestop(true)
  await env.advance(15_000)
  stopping.begin('SIGTERM', true)
  await env.run()
  expect((await system.ended()).budgetMs).toBe(19_500)
})

test('a second prestop shares the wait and is answered in the same moment; a third finds it over', async () => {
  const { env, said, stopping } = await rig(PRESTOP)
  const first = settled(stopping.prestop(true))
  await env.advance(3_000)
  const second = settled(stopping.prestop(true))
  await env.advance(1_999)
  expect([first.value, second.value]).toEqual([undefined, undefined])
  await env.advance(1)
  expect([first.value, second.value]).toEqual([
    { outcome: 'began', waitedMs: 5_000 },
    { outcome: 'joined', waitedMs: 2_000 },
  ])
  const third = settled(stopping.prestop(true))
  await env.settle()
  expect(third.value).toEqual({ outcome: 'over', waitedMs: 0 })
  expect(said).toEqual(['prestop: readiness 503'])
})

test('a stop during the wait of a prestop shares what is left of it', async () => {
  const { env, said, stopping, status } = await rig(PRESTOP)
  const answer = settled(stopping.prestop(true))
  await env.advance(2_000)
  stopping.begin('SIGTERM', true)
  const joined = settled(stopping.prestop(true))
  await env.advance(2_999)
  expect(said).toEqual(['prestop: readiness 503', 'drain started', 'serving on while balancers take notice'])
  await env.advance(1)
  expect(answer.value).toEqual({ outcome: 'began', waitedMs: 5_000 })
  expect(joined.value).toEqual({ outcome: 'joined', waitedMs: 3_000 })
  expect(status()).toEqual({ ended: true, overdue: 0, pending: 0 })
})

test('a hurry, or a tree that ends by itself, ends the wait of a prestop, which is answered', async () => {
  for (const end of ['hurry', 'follow'] as const) {
    const { env, stopping, status } = await rig(PRESTOP)
    const answer = settled(stopping.prestop(true))
    await env.advance(1_000)
    if (end === 'hurry') stopping.begin('SIGTERM', true)
    if (end === 'hurry') stopping.hurry()
    else stopping.follow('by itself')
    await env.settle()
    expect(answer.value, end).toEqual({ outcome: 'began', waitedMs: 1_000 })
    expect(status(), end).toEqual({ ended: true, overdue: 0, pending: 0 })
  }
})

test('a prestop while the tree starts keeps it from being ready, and waits for nobody; neither does the stop', async () => {
  const { env, said, stopping, status } = await rig(PRESTOP)
  const answer = settled(stopping.prestop(false))
  await env.settle()
  expect(answer.value).toEqual({ outcome: 'starting', waitedMs: 0 })
  expect(stopping.leave).toBe('prestop')
  stopping.begin('SIGTERM', true)
  await env.settle()
  expect(said).toEqual(['prestop: readiness 503', 'drain started', 'stopping the tree'])
  expect(status().ended).toBe(true)
})

test('a prestop during a stop shares its lame duck, and is answered at once in the drain and after the end', async () => {
  const { env, said, stopping, status } = await rig(PRESTOP, () => new Promise<void>((resolve) => env.clock.after(100, resolve, true)))
  stopping.begin('SIGTERM', true)
  await env.advance(4_000)
  const early = settled(stopping.prestop(true))
  await env.advance(1_000)
  expect(early.value).toEqual({ outcome: 'joined', waitedMs: 1_000 })
  const answers = [settled(stopping.prestop(true))]
  await env.advance(100)
  expect(status().ended).toBe(true)
  answers.push(settled(stopping.prestop(true)))
  await env.settle()
  expect(answers.map(({ value }) => value)).toEqual(Array(2).fill({ outcome: 'stopping', waitedMs: 0 }))
  expect(said).not.toContain('prestop: readiness 503')
  expect(status().pending).toBe(0)
})

test('no stop within the grace after the wait: readiness is given back with a warning, and it can all begin again', async () => {
  const { env, said, stopping, status } = await rig(PRESTOP)
  for (const round of [1, 2]) {
    void stopping.prestop(true)
    await env.advance(24_999)
    expect(stopping.leave, `round ${round}`).toBe('prestop')
    await env.advance(1)
    expect(stopping.leave, `round ${round}`).toBeUndefined()
    expect(stopping.leaving()).toBe(0)
    expect(status().pending).toBe(0)
  }
  const round = ['prestop: readiness 503', 'no stop has followed the prestop: readiness is given back']
  expect(said).toEqual([...round, ...round])
  stopping.begin('SIGTERM', true)
  await env.advance(4_999)
  expect(status().ended).toBe(false)
  await env.advance(1)
  expect(status().ended).toBe(true)
})

test('the grace for a stop to follow counts from the last prestop; a stop in its last moment is not taken back', async () => {
  const { env, said, stopping } = await rig(PRESTOP, () => never)
  void stopping.prestop(true)
  await env.advance(20_000)
  void stopping.prestop(true)
  await env.advance(19_999)
  stopping.begin('SIGTERM', true)
  await env.advance(1)
  expect(stopping.leave).toBe('stopping')
  expect(said).toEqual(['prestop: readiness 503', 'drain started', 'stopping the tree'])
})

// What a promise has come to, to be looked at while time stands still.
function settled<T>(promise: Promise<T>): { readonly value: T | undefined } {
  const result: { value: T | undefined } = { value: undefined }
  void promise.then((value) => {
    result.value = value
  })
  return result
}

test.each([
  { graceMs: 25_000, usedMs: 50, limitMs: 5_000, why: 'five seconds of what nobody has used' },
  { graceMs: 25_000, usedMs: 22_000, limitMs: 3_000, why: 'what is left' },
  { graceMs: 25_000, usedMs: 25_000, limitMs: 500, why: 'what was kept for it' },
  { graceMs: 1_000, usedMs: 950, limitMs: 100, why: 'a tenth of a short grace' },
  { graceMs: Number.POSITIVE_INFINITY, usedMs: 1e9, limitMs: 5_000, why: 'no grace, no waiting for ever' },
])('pitfall 38: with $usedMs of $graceMs ms used the log has $limitMs ms: $why', ({ graceMs, usedMs, limitMs }) => {
  expect(flushLimit(graceMs, usedMs)).toBe(limitMs)
})

test('the first word of a stop is a fact, also while balancers are given time; a start that is undone is no stop', async () => {
  const { env, told, stopping } = await rig({ grace: '10s', lameDuck: '4s' })
  stopping.begin('SIGTERM', true)
  expect(told).toEqual(['SIGTERM, 0 in flight, 9500 ms', 'lame-duck'])
  await env.advance(4_000)
  expect(told.slice(2)).toEqual(['started, 5500 ms', 'tree'])
  const undone = await rig({}, () => never)
  undone.stopping.undoStart()
  expect(undone.told).toEqual([])
})

test('who hurries ends the wait for balancers first, and from the next time on nobody is waited for', async () => {
  const { stopping } = await rig({ lameDuck: '5s' })
  stopping.begin('SIGTERM', true)
  stopping.hurry()
  expect(stopping.hurried.aborted).toBe(false)
  stopping.hurry()
  expect(stopping.hurried.aborted).toBe(true)
})
