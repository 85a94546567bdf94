// Every row of the table in semantics.md §1, through the incarnation: where an event leads, what is called, what is told.
import { describe, expect, test } from 'vitest'
import type { Work } from '../../src/kernel/birth.js'
import type { Status } from '../../src/kernel/memoize.js'
import { Rig } from './rig.js'

/** A work that only writes down what the lifecycle asks for; the test answers for it. */
class Recorder implements Work {
  readonly calls: string[] = []
  inFlight = 0
  busy = false
  start = (): void => void this.calls.push('start')
  serve = (): void => void this.calls.push('serve')
  abortStart = (): void => void this.calls.push('abortStart')
  refuse = (): void => void this.calls.push('refuse')
  settle = (): void => void this.calls.push('settle')
  abort = (): void => void this.calls.push('abort')
  close = (): void => void this.calls.push('close')
  letGo = (): void => void this.calls.push('letGo')
  hasten?: () => void
}

type Act = (rig: Rig) => void

const boom = new Error('boom')
const acts = {
  started: (rig) => rig.incarnation.started(),
  failed: (rig) => rig.incarnation.startFailed({ how: 'failed', error: boom }),
  stop: (rig) => rig.stop(),
  crash: (rig) => void rig.incarnation.fail(boom),
  ended: (rig) => rig.incarnation.end(),
  settled: (rig) => rig.incarnation.settled(),
  hurry: (rig) => rig.incarnation.hurry(),
  closed: (rig) => rig.incarnation.closed(),
  kill: (rig) => rig.incarnation.kill(),
} satisfies Record<string, Act>

const ways: Record<Exclude<Status, 'stopped'>, (keyof typeof acts)[]> = {
  starting: [],
  ready: ['started'],
  cancelling: ['stop'],
  settling: ['started', 'stop'],
  closing: ['started', 'stop', 'settled'],
}

// state, event, next state, what the work is asked for, what the owner is told, exit
const rows: [keyof typeof ways, keyof typeof acts | 'expired', Status, string[], string[], string?][] = [
  ['starting', 'started', 'ready', ['serve'], ['started']],
  ['starting', 'failed', 'stopped', [], ['stopped'], 'crash'],
  ['starting', 'stop', 'cancelling', ['refuse', 'abortStart'], ['draining']],
  ['starting', 'crash', 'cancelling', ['refuse', 'abortStart'], ['draining']],
  ['starting', 'kill', 'stopped', ['abort', 'letGo'], ['stopped'], 'killed'],
  ['ready', 'stop', 'settling', ['refuse', 'settle'], ['draining']],
  ['ready', 'ended', 'closing', ['refuse', 'close'], ['draining']],
  ['ready', 'crash', 'closing', ['refuse', 'close'], ['draining']],
  ['ready', 'kill', 'stopped', ['abort', 'letGo'], ['stopped'], 'killed'],
  ['cancelling', 'started', 'closing', ['close'], []],
  ['cancelling', 'failed', 'stopped', [], ['stopped'], 'shutdown'],
  ['cancelling', 'expired', 'stopped', ['letGo'], ['stopped'], 'killed'],
  ['cancelling', 'kill', 'stopped', ['letGo'], ['stopped'], 'killed'],
  ['settling', 'settled', 'closing', ['close'], []],
  ['settling', 'crash', 'closing', ['close'], []],
  ['settling', 'hurry', 'closing', ['abort', 'close'], []],
  ['settling', 'expired', 'closing', ['abort', 'close'], []],
  ['settling', 'kill', 'stopped', ['abort', 'letGo'], ['stopped'], 'killed'],
  ['closing', 'closed', 'stopped', [], ['stopped'], 'shutdown'],
  ['closing', 'expired', 'stopped', ['abort', 'letGo'], ['stopped'], 'killed'],
  ['closing', 'kill', 'stopped', ['abort', 'letGo'], ['stopped'], 'killed'],
]

function arrange(state: keyof typeof ways): { rig: Rig; work: Recorder } {
  const rig = new Rig({})
  const work = new Recorder()
  rig.begin(work)
  for (const act of ways[state]) acts[act](rig)
  expect(rig.status).toBe(state)
  work.calls.length = 0
  rig.told.length = 0
  return { rig, work }
}

describe('the table of the lifecycle', () => {
  test.each(rows)('%s + %s → %s', async (state, event, next, calls, told, exit) => {
    const { rig, work } = arrange(state)
    if (event === 'expired') expect(await rig.env.advanceToNext()).toBe(true)
    else acts[event](rig)
    expect(rig.status).toBe(next)
    expect(work.calls).toEqual(calls)
    expect(rig.told).toEqual(told)
    expect(rig.exit).toBe(exit)
  })

  const listed = new Set(rows.map(([state, event]) => `${state} ${event}`))
  const rest = (Object.keys(ways) as (keyof typeof ways)[]).flatMap((state) =>
    (Object.keys(acts) as (keyof typeof acts)[])
      .filter((event) => !listed.has(`${state} ${event}`))
      .map((event) => [state, event] as const),
  )
  test.each(rest)('%s + %s → nothing happens', (state, event) => {
    const { rig, work } = arrange(state)
    acts[event](rig)
    expect(rig.status).toBe(state)
    expect(work.calls).toEqual([])
    expect(rig.told).toEqual([])
  })

  test('starting + expired → cancelling', () => {
    const { rig, work } = arrange('starting')
    rig.incarnation.startExpired(boom)
    expect(rig.status).toBe('cancelling')
    expect(work.calls).toEqual(['refuse', 'abortStart'])
  })

  test('stopped takes nothing more', () => {
    const { rig, work } = arrange('ready')
    rig.incarnation.kill()
    const { length } = rig.facts
    work.calls.length = 0
    rig.told.length = 0
    for (const act of Object.values(acts)) act(rig)
    expect(work.calls).toEqual([])
    expect(rig.told).toEqual([])
    expect(rig.facts).toHaveLength(length)
  })
})

describe('the exit', () => {
  test.each([
    ['a stop', ['started', 'stop', 'settled', 'closed'], 'shutdown', undefined],
    ['an end by itself', ['started', 'ended', 'closed'], 'normal', undefined],
    ['a crash', ['started', 'crash', 'closed'], 'crash', undefined],
    ['a crash while settling', ['started', 'stop', 'crash', 'closed'], 'crash', undefined],
    ['a failed start', ['failed'], 'crash', 'failed'],
    ['a crash while starting', ['crash', 'failed'], 'crash', 'failed'],
    ['a crash while starting, with a handle after all', ['crash', 'started', 'closed'], 'crash', 'failed'],
    ['a crash while starting, then a stop', ['crash', 'stop', 'failed'], 'crash', 'failed'],
    ['a stop while starting', ['stop', 'failed'], 'shutdown', undefined],
    ['a stop while starting, with a handle after all', ['stop', 'started', 'closed'], 'shutdown', undefined],
    ['a kill after a crash', ['started', 'crash', 'kill'], 'killed', undefined],
  ] as const)('of %s', (_name, way, reason, unstarted) => {
    const rig = new Rig({}).begin(new Recorder())
    for (const act of way) acts[act](rig)
    expect(rig.exit).toBe(reason)
    expect(rig.cause).toBe(reason === 'crash' ? boom : undefined)
    expect(rig.stopped?.unstarted?.how).toBe(unstarted)
    expect(rig.told.filter((word) => word === 'stopped')).toHaveLength(1)
    expect(rig.told.includes('started')).toBe(way[0] === 'started')
  })

  test('of a crash whose closing never ends is still the crash', async () => {
    const rig = new Rig({}).begin(new Recorder())
    rig.incarnation.started()
    rig.incarnation.fail(boom)
    await rig.env.advance(5_000)
    expect(rig.cause).toBe(boom)
  })

  test('of an error that is undefined is a crash all the same', async () => {
    for (const way of ['fail', 'failWhileStarting', 'startFailed'] as const) {
      const rig = new Rig({}).begin(new Recorder())
      if (way === 'fail') rig.incarnation.started()
      if (way === 'startFailed') rig.incarnation.startFailed({ how: 'failed', error: undefined })
      else rig.incarnation.fail(undefined)
      await rig.env.advance(10_000)
      expect(rig.stopped?.exit, way).toEqual({ reason: 'crash', cause: undefined })
      if (way !== 'fail') expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: undefined })
    }
  })
})

describe('asking again', () => {
  test.each([
    ['while it settles', ['started', 'stop']],
    ['while it closes after a crash', ['started', 'crash']],
    ['while its start is called off', ['stop']],
  ] as const)('%s tells its work that time is shorter, and asks for nothing else', (_name, way) => {
    const { rig, work } = arrange('starting')
    for (const act of way) acts[act](rig)
    const before = work.calls.length
    work.hasten = () => void work.calls.push(`hasten ${rig.incarnation.remainingMs()}`)
    rig.stop(70)
    expect(work.calls.slice(before)).toEqual(['hasten 70'])
  })

  test('the first time is no hurry', () => {
    const { rig, work } = arrange('ready')
    work.hasten = () => expect.unreachable()
    rig.stop()
    expect(rig.status).toBe('settling')
  })
})

describe('events that are fed while effects are performed', () => {
  test('wait, in their order', () => {
    const rig = new Rig({})
    const work = new Recorder()
    work.start = () => {
      work.calls.push('start')
      rig.stop()
      rig.incarnation.started()
      expect(rig.status).toBe('starting')
      work.calls.push('start is over')
    }
    rig.begin(work)
    expect(rig.status).toBe('closing')
    expect(work.calls).toEqual(['start', 'start is over', 'refuse', 'abortStart', 'close'])
    expect(rig.told).toEqual(['draining'])
  })

  test('a kill that waits ends what came before it', () => {
    const rig = new Rig({})
    const work = new Recorder()
    work.start = () => {
      rig.incarnation.started()
      rig.stop()
      rig.incarnation.kill()
      rig.incarnation.closed()
    }
    rig.begin(work)
    expect(rig.exit).toBe('killed')
    expect(rig.told).toEqual(['started', 'draining', 'stopped'])
  })

  test('an end by itself that comes after the stop changes nothing', () => {
    const rig = new Rig({}).begin(new Recorder())
    const work = rig.incarnation.work as Recorder
    work.serve = () => {
      rig.stop()
      rig.incarnation.end()
    }
    for (const act of ['started', 'settled', 'closed'] as const) acts[act](rig)
    expect(rig.exit).toBe('shutdown')
  })

  test('a hurry that comes with the stop, while a hook is on the stack, is not lost', () => {
    const rig = new Rig({}).begin(new Recorder())
    const work = rig.incarnation.work as Recorder
    work.serve = () => rig.stop(5_000, 500, true)
    rig.incarnation.started()
    expect(rig.status).toBe('closing')
    expect(work.calls).toEqual(['start', 'refuse', 'settle', 'abort', 'close'])
  })

  test('a second crash is noted, not lost', () => {
    const rig = new Rig({}).begin(new Recorder())
    const work = rig.incarnation.work as Recorder
    const second = new Error('second')
    work.serve = () => {
      rig.incarnation.fail(boom)
      rig.incarnation.fail(second)
    }
    for (const act of ['started', 'closed'] as const) acts[act](rig)
    expect(rig.cause).toBe(boom)
    expect(rig.ending?.errors).toEqual([second])
  })

  test('a crash that waits behind a kill is a late error', () => {
    const rig = new Rig({}).begin(new Recorder())
    const work = rig.incarnation.work as Recorder
    work.serve = () => {
      rig.incarnation.kill()
      rig.incarnation.fail(boom)
    }
    rig.incarnation.started()
    expect(rig.exit).toBe('killed')
    expect(rig.fact('late-error')?.error).toBe(boom)
  })
})
