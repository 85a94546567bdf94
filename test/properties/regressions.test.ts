// What the laws have found, each in its smallest form. A scenario is played with all laws; what else it must come to is said beside it.
import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/index.js'
import { LAWS } from '../../src/testing/laws.js'
import type { Behaviour, ServicePlan, SupervisorPlan } from '../../src/testing/plan.js'
import { stageFor } from '../../src/testing/scenario.js'
import type { Command } from '../../src/testing/script.js'
import type { Stage } from '../../src/testing/stage.js'

const LATER: Behaviour = { start: { ends: 'ok', ms: 0 } }
const SLOW_STOP: Behaviour = { stop: { ends: 'ok', ms: 100 } }
const HANGS: Behaviour = { stop: { ends: 'never' } }

function one(id: string, more: Partial<ServicePlan> = {}): ServicePlan {
  return { kind: 'service', id, ...more }
}

function over(id: string, children: SupervisorPlan['children'], more: Partial<SupervisorPlan> = {}): SupervisorPlan {
  return { kind: 'supervisor', id, children, ...more }
}

const uses = (target: string, live = false): Partial<ServicePlan> => ({ uses: [{ target, live }] })
const on = (does: 'crash' | 'kill' | 'terminate' | 'restart', target: number): Command => ({ does, target })
const stop = (deadlineMs?: number): Command => ({ does: 'stop', deadlineMs })
const now: Command = { does: 'advance', ms: 0 }

async function play(plan: SupervisorPlan, script: readonly Command[], deadlineMs?: number): Promise<{ stage: Stage; report: Report }> {
  const stage = stageFor({ plan, script, deadlineMs }, { laws: LAWS })
  await stage.run()
  return { stage, report: await stage.system.ended() }
}

function verdictOf(report: Report, address: string): string | undefined {
  return report.services.find((service) => service.address === address)?.verdict
}

describe('found by the laws', () => {
  test('L14: a killed child that still closes is waited for, and leaves no timer behind', async () => {
    const { report } = await play(over('app', [one('a', { lives: [SLOW_STOP] })]), [on('kill', 1)])
    expect(report.tookMs).toBe(100)
  })

  test('L5: what a killed root leaves behind ends at the deadline', async () => {
    const { report } = await play(over('app', [one('a', { lives: [HANGS] })]), [on('kill', 0)], 10)
    expect(report.tookMs).toBe(10)
  })

  test('L6: a subtree that goes down with a killed supervisor is part of the report', async () => {
    const plan = over('app', [over('s', [over('t', [one('a'), one('b', { lives: [SLOW_STOP] })])]), one('c')])
    const { report } = await play(plan, [on('kill', 1)])
    expect(verdictOf(report, 'app/s/t/a')).toBe('acked')
  })

  test('L4: a third incarnation waits for the first, though the second never began', async () => {
    const { stage } = await play(over('app', [one('a', { lives: [SLOW_STOP] })]), [
      on('kill', 1),
      on('kill', 1),
      { does: 'advance', ms: 200 },
    ])
    const starts = stage.trace.filter((event) => event.type === 'called' && event.hook === 'start').map(({ at }) => at)
    expect(starts).toEqual([0, 100])
  })

  test('L5: a hurry leaves everybody a reserve to close, also when a stop is asked for again', async () => {
    const plan = over('app', [one('a'), over('s', [one('b', { lives: [SLOW_STOP] })])])
    const { stage } = await play(plan, [stop(), { does: 'hurry' }, stop()])
    const leftMs = stage.trace.flatMap((event) => (event.type === 'called' && event.hook === 'stop' ? [event.remainingMs] : []))
    expect(leftMs).toEqual([5_000, 500])
  })

  test('L5: in a hurry a supervisor below does not halve the reserves of its children', async () => {
    const plan = over('app', [over('s', [over('t', [one('a')]), one('b', { lives: [SLOW_STOP] })]), one('c', { lives: [SLOW_STOP] })])
    await play(plan, [stop(), { does: 'hurry' }])
  })

  test('L5: the deadline reaches those below a supervisor that had given up before', async () => {
    const inner = over('s', [one('a'), one('b', { lives: [HANGS] })], { intensity: { max: 0, within: 10 } })
    const { report } = await play(over('app', [over('r', [inner])]), [on('crash', 3)], 10)
    expect(report.tookMs).toBe(10)
  })

  test('L7, L8: nobody is restarted below a supervisor whose turn to stop has not come', async () => {
    const plan = over('app', [over('s', [one('a')]), one('b', { lives: [SLOW_STOP] })])
    const { stage } = await play(plan, [stop(), on('crash', 2), { does: 'add', target: 1, child: one('x') }])
    expect(stage.trace.filter((event) => event.type === 'called' && event.hook === 'start')).toHaveLength(2)
  })

  test('L2: along the graph, what is held back for a crash still waits for what it uses', async () => {
    const plan = over('app', [one('d', { lives: [LATER] }), one('e'), one('f', uses('app/d'))], { order: 'graph' })
    await play(plan, [on('crash', 2), now])
  })

  test('L1: a boot whose start fails is undone, also while a crash is waiting', async () => {
    const failing = one('c', { lives: [{ start: { ends: 'error', ms: 0 } }] })
    const { report } = await play(over('app', [one('a'), one('b', uses('app/a')), failing, one('d')]), [on('crash', 1), now])
    expect(report.reason).toBe('the start failed')
  })

  test('L1: nobody is restarted while a boot is undone', async () => {
    const failing = one('e', { lives: [{ start: { ends: 'error', ms: 0 } }] })
    const plan = over('app', [one('a'), one('c', uses('app/a')), one('d', { ...uses('app/c', true), lives: [SLOW_STOP] }), failing], {
      order: 'graph',
    })
    const { report } = await play(plan, [now, on('crash', 1)])
    expect(report.reason).toBe('the start failed')
  })

  test('L6: a restart that fails while others still boot is not the end of the tree', async () => {
    const flaky = over('t', [one('a', { lives: [{}, { start: { ends: 'error' } }] })])
    const plan = over('app', [over('s', [flaky, one('b')], { strategy: 'one-for-all' }), one('c', { lives: [LATER] })])
    const { report } = await play(plan, [on('crash', 4), now])
    expect(report.reason).toBe('stop')
  })

  test('L11: a boot is undone to its end though a temporary child is let go on the way', async () => {
    const failing = one('b', { restart: 'temporary', ...uses('app/a'), lives: [{ start: { ends: 'error' } }] })
    const { report } = await play(over('app', [one('a'), failing], { order: 'graph' }), [now])
    expect(report.reason).toBe('the start failed')
  })

  test('L11: of two crashes that hold back a boot with a back-off neither is forgotten, nor who has not started yet', async () => {
    const plan = over('app', [one('a'), one('b'), one('c', { lives: [LATER] }), one('d', uses('app/c'))], {
      order: 'graph',
      backoff: { initial: 10, jitter: 0 },
    })
    const { stage } = await play(plan, [on('crash', 2), on('crash', 1), { does: 'advance', ms: 50 }])
    const started = stage.trace.flatMap((event) => (event.type === 'called' && event.hook === 'start' ? [event.address.at(-1)] : []))
    expect(started.sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'd'])
  })

  test('L2: a temporary child that has not started yet is not let go when one that it uses crashes at the boot', async () => {
    const slow = one('b', { lives: [LATER] })
    const plan = over('app', [one('a'), slow, one('c', { restart: 'temporary', ...uses('app/a') }), one('d', uses('app/c'))])
    const { report } = await play(plan, [on('crash', 1), now])
    expect(report.totals.acked).toBe(4)
  })

  test('L14: a call that comes while a boot is undone is answered', async () => {
    const failing = over('s', [one('b', { lives: [{ start: { ends: 'error' } }] })])
    await play(over('app', [one('a', { lives: [SLOW_STOP] }), failing]), [on('terminate', 1)])
  })

  test('L14: a child that is being added is answered for, also when a crash calls its start off', async () => {
    const plan = over('app', [one('a'), one('b')], { strategy: 'rest-for-one', order: 'graph' })
    await play(plan, [{ does: 'add', target: 0, child: one('x', { lives: [LATER] }) }, on('crash', 1), now])
  })

  test('L6: the last word of an earlier incarnation does not change what became of the latest', async () => {
    const lives: readonly Behaviour[] = [{ stop: { ends: 'ok', ms: 250 } }, { stop: { ends: 'ok', ms: 300 } }]
    const plan = over('app', [one('z', { lives: [{ stop: { ends: 'ok', ms: 80 } }] }), one('a', { lives, shutdown: 100 })])
    const { report } = await play(plan, [on('crash', 2), { does: 'advance', ms: 40 }, { does: 'advance', ms: 60 }])
    expect(verdictOf(report, 'app/a')).toBe('abandoned')
  })

  test('L1: what another branch uses is no edge, whatever was written', async () => {
    const inner = over('s', [one('a', { edge: true }), one('b')])
    await play(over('app', [inner, one('c', uses('app/s/a', true))]), [])
  })

  test('L1: an edge that is being stopped by hand is waited for with the edges', async () => {
    await play(over('app', [one('a'), one('b', { edge: true, lives: [SLOW_STOP] })], { order: 'graph' }), [on('terminate', 2)])
  })
})

describe('found last', () => {
  test('L2: a user that is killed while the one it uses is closing after a crash comes up again only with it', async () => {
    const plan = over('app', [one('a', { lives: [SLOW_STOP] }), one('b', uses('app/a'))])
    const { stage } = await play(plan, [on('crash', 1), on('kill', 2), { does: 'advance', ms: 200 }])
    const starts = stage.trace.filter((event) => event.type === 'called' && event.hook === 'start').map(({ at }) => at)
    expect(starts).toEqual([0, 0, 100, 100])
  })

  test('L6: one that gives up at once when its signal is aborted is killed, not abandoned', async () => {
    const { report } = await play(over('app', [one('a', { lives: [{ stop: { ends: 'never', obeys: true } }] })]), [], 100)
    expect(verdictOf(report, 'app/a')).toBe('killed')
  })

  test('L5: a supervisor that gave up long ago has its `shutdown` when it is asked to stop', async () => {
    const inner = over('s', [one('a'), one('b', { lives: [{ drain: { ends: 'ok', ms: 100 } }] })], {
      intensity: { max: 0, within: 10 },
      shutdown: 50,
    })
    const { stage } = await play(over('app', [inner]), [on('crash', 2), { does: 'advance', ms: 60 }])
    const last = stage.trace.findLast((event) => event.type === 'called' && event.hook === 'stop')
    expect(last?.type === 'called' ? last.remainingMs : 0).toBeGreaterThan(0)
  })
})

describe('found with resources, permits and hurries', () => {
  test('L1: one that was to be stopped by hand before its supervisor was told to end goes out of turn', async () => {
    const plan = over('app', [one('a'), over('s', [one('b'), one('c', { lives: [LATER] }), one('d')])])
    await play(plan, [on('terminate', 2), on('terminate', 3), now])
  })

  test('L2: a start by hand waits until the boot is over, also where that waits for a back-off', async () => {
    const children = [one('a', { lives: [LATER] }), one('b', uses('app/a')), one('c', uses('app/b')), one('d')]
    const plan = over('app', children, { order: 'graph', backoff: { initial: 10, jitter: 0 } })
    const { stage } = await play(plan, [on('crash', 4), on('restart', 3), { does: 'settle', count: 1 }, { does: 'advance', ms: 10 }])
    expect(stage.trace.filter((event) => event.type === 'called' && event.hook === 'start').map(({ at }) => at)).toEqual([0, 0, 10, 10, 10])
  })

  test('L5: a supervisor that is killed while it gives up shares out no deadline', async () => {
    const giving = over('s', [one('a'), one('b', { lives: [{ drain: { ends: 'ok', ms: 0 } }] })], {
      intensity: { max: 0, within: 10 },
      shutdown: 'brutal-kill',
    })
    await play(over('app', [giving, one('c')]), [{ does: 'add', target: 1, child: one('x') }, on('kill', 5), stop(10)])
  })

  test('L6: nobody has waited for one whose start was asked for and never begun', async () => {
    const plan = over('app', [over('s', [one('a'), one('b', { lives: [LATER] })])])
    await play(plan, [{ does: 'add', target: 1, child: one('x') }, on('terminate', 1), now])
  })

  test('L5: nothing is kept for a supervisor that is gone already', async () => {
    const { report } = await play(over('app', [one('a'), over('s', []), one('b', { lives: [SLOW_STOP] })]), [
      stop(30_000),
      on('kill', 2),
      stop(100),
    ])
    // A quarter of the time is kept for the other one; with the one that is gone it would be a third.
    expect(report.tookMs).toBe(75)
  })

  test('L16: who works through the handle of one that was killed may find nothing behind it', async () => {
    const plan = over(
      'app',
      [
        one('a'),
        one('e', { restart: 'temporary', lives: [{ stop: { ends: 'ok', ms: 5 } }], ...uses('app/a') }),
        one('f', { ...uses('app/e'), lives: [{ drain: { ends: 'ok', ms: 0 } }] }),
      ],
      { order: 'graph' },
    )
    await play(plan, [on('kill', 2)])
  })

  test('L9: what is left of a killed supervisor does not hear of a hurry', async () => {
    const inner = over('s', [over('t', [one('a', { lives: [{ permitMs: 'never' }] })])])
    await play(over('app', [inner]), [on('kill', 0), stop(), { does: 'hurry' }])
  })

  test('L6: a service that crashes while it holds a permit, and is asked to stop, has failed', async () => {
    const { report } = await play(over('app', [one('a', { lives: [{ permitMs: 0 }, {}] })]), [stop(), on('crash', 1)])
    expect(verdictOf(report, 'app/a')).toBe('failed')
  })
})

describe('found with runs and releases', () => {
  const releasing = (release: Behaviour['release'], more: Behaviour = {}): Partial<ServicePlan> => ({
    lives: [{ ...more, ...(release !== undefined && { release }) }],
  })

  test('L9: a run that has crashed while it drained is closing, not settling', async () => {
    const { report } = await play(over('app', [one('a', { runs: true, lives: [{ stop: { ends: 'ok', ms: 100 } }] })]), [
      stop(30_000),
      on('crash', 1),
      { does: 'hurry' },
    ])
    expect(report.tookMs).toBe(100)
  })

  test('L9: a hurry reaches those below a supervisor that ends by itself', async () => {
    const given: Partial<ServicePlan> = { restart: 'transient', significant: true }
    const inner = over('s', [one('a', { lives: [{ permitMs: 'never' }] }), one('b', given)], {
      autoShutdown: 'any-significant',
      restart: 'transient',
    })
    const plan = over('app', [inner, one('c', { lives: [{ stop: { ends: 'ok', ms: 400 } }] })])
    const { stage } = await play(plan, [{ does: 'exit', target: 3 }, stop(), { does: 'hurry' }])
    const cut = stage.trace.find((event) => event.type === 'fact' && event.fact.type === 'forced' && event.fact.address === 'app/s/a')
    expect(cut?.at).toBe(0)
  })

  test('L9: a hurry reaches those who are stopped by hand below a supervisor whose turn has not come', async () => {
    const plan = over('app', [over('s', [over('t', [one('a', { lives: [{ permitMs: 'never' }] })])])])
    const starting: Command = { does: 'add', target: 0, child: one('x', { lives: [{ start: { ends: 'never' } }] }) }
    await play(plan, [on('terminate', 2), starting, stop(), { does: 'hurry' }])
  })

  test('L11: what was deferred is waited for as long as it takes', async () => {
    const { report } = await play(over('app', [one('a', releasing({ ends: 'ok', ms: 100 }))]), [])
    expect(report).toMatchObject({ tookMs: 100, clean: true })
  })

  test('L11: so it is after a start that failed', async () => {
    const failing = one('a', releasing({ ends: 'ok', ms: 100 }, { start: { ends: 'error' } }))
    const { stage, report } = await play(over('app', [failing]), [{ does: 'advance', ms: 200 }])
    expect(report.reason).toBe('the start failed')
    expect(stage.trace.find((event) => event.type === 'fact' && event.fact.type === 'start-failed')?.at).toBe(100)
  })

  test('L6: one whose release hangs is given up, though its hooks have answered', async () => {
    const { report } = await play(over('app', [one('a', releasing({ ends: 'never' }))]), [], 200)
    expect(verdictOf(report, 'app/a')).toBe('abandoned')
    expect(report.services.find(({ address }) => address === 'app/a')?.held?.hooks).toEqual(['defer'])
  })

  test('L6: nor is one that is killed over before its releases are', async () => {
    const killed = one('a', { runs: true, shutdown: 'brutal-kill', ...releasing({ ends: 'ok', ms: 100 }) })
    const { report, stage } = await play(over('app', [one('b', { lives: [{ stop: { ends: 'ok', ms: 50 } }] }), killed]), [])
    expect(verdictOf(report, 'app/a')).toBe('abandoned')
    expect(stage.trace.find((event) => event.type === 'fact' && event.fact.type === 'late-ack')?.at).toBe(100)
  })

  test('L4: the next incarnation of one that was killed waits for its releases', async () => {
    const { stage } = await play(over('app', [one('a', { runs: true, ...releasing({ ends: 'ok', ms: 100 }) })]), [
      on('kill', 1),
      { does: 'advance', ms: 200 },
    ])
    const starts = stage.trace.filter((event) => event.type === 'called' && event.hook === 'run').map(({ at }) => at)
    expect(starts).toEqual([0, 100])
  })

  test('L11: nobody need restart a child that was taken out of the tree', async () => {
    const plan = over('app', [one('a'), one('b'), one('d')], { strategy: 'rest-for-one', backoff: { initial: 1, jitter: 0 } })
    const script: Command[] = [on('crash', 3), on('crash', 1), { does: 'delete', target: 3 }, { does: 'advance', ms: 10 }]
    const { report } = await play(plan, [...script, on('crash', 2), { does: 'advance', ms: 10 }])
    expect(report.totals.acked).toBe(2)
  })

  test('L2: a temporary child that has not started yet is not let go when a crash before it backs off', async () => {
    const plan = over('app', [one('a'), one('b', { lives: [LATER] }), one('t', { restart: 'temporary' }), one('d', uses('app/t', true))], {
      backoff: { initial: 10, jitter: 0 },
    })
    const { report } = await play(plan, [on('crash', 1), { does: 'advance', ms: 50 }])
    expect(report.totals.acked).toBe(4)
  })

  test('L6: a start that is being undone is let fail, and is the end of the tree, also when a crash comes meanwhile', async () => {
    const failing = over('s', [one('b', { lives: [SLOW_STOP] }), one('c', { lives: [{ start: { ends: 'error' } }] })])
    const plan = over('app', [one('a'), over('r', [failing]), one('d', uses('app/a'))], { strategy: 'rest-for-one' })
    const { report } = await play(plan, [{ does: 'advance', ms: 50 }, on('crash', 1), { does: 'advance', ms: 500 }])
    expect(report).toMatchObject({ reason: 'the start failed', tookMs: 100 })
  })

  test('L8: a crash that was held back for a start is no restart any more when the start leads to a stop', async () => {
    const failing = one('e', { lives: [{ start: { ends: 'error' } }] })
    await play(over('app', [over('s', [one('c'), one('d', { lives: [LATER] })]), failing]), [on('crash', 2), now])
  })
})
