// Small worlds for the exhaustive search: up to four services under up to two supervisors, up to three faults.
import type { StrategyName } from '../../src/index.js'
import type { Behaviour, ServicePlan, SupervisorPlan } from '../../src/testing/plan.js'
import type { Command } from '../../src/testing/script.js'

/** A small tree, and what strikes it. */
export interface World {
  readonly name: string
  readonly plan: SupervisorPlan
  /** Each strikes once at most, at any point, in any order. */
  readonly events: readonly Command[]
}

/** Each incarnation starts and stops when the schedule lets it. */
const LATER: readonly Behaviour[] = Array(5).fill({ start: { ends: 'ok', ms: 0 }, stop: { ends: 'ok', ms: 0 } })

function one(id: string, more: Partial<ServicePlan> = {}): ServicePlan {
  return { kind: 'service', id, lives: LATER, ...more }
}

function over(id: string, children: SupervisorPlan['children'], more: Partial<SupervisorPlan> = {}): SupervisorPlan {
  return { kind: 'supervisor', id, children, ...more }
}

const uses = (target: string, live = false): Partial<ServicePlan> => ({ uses: [{ target, live }] })

const stop = (deadlineMs?: number): Command => ({ does: 'stop', deadlineMs })
const on = (does: 'crash' | 'kill' | 'terminate' | 'restart', target: number): Command => ({ does, target })

const STRATEGIES: readonly StrategyName[] = ['dependents', 'one-for-one', 'one-for-all', 'rest-for-one']

/** Two crashes and a stop, under every strategy and order. */
const families: readonly World[] = STRATEGIES.flatMap((strategy) =>
  (['declared', 'graph'] as const).flatMap((order) => {
    const isLive = strategy === 'one-for-one'
    return [
      {
        name: `three in a row, ${strategy}, ${order}`,
        plan: over('app', [one('a'), one('b', uses('app/a', isLive)), one('c')], { strategy, order }),
        events: [on('crash', 1), on('crash', 2), stop(1_000)],
      },
      {
        name: `one beside a supervisor of two, ${strategy}, ${order}`,
        plan: over('app', [one('a'), over('s', [one('b'), one('c')], { strategy, order })], { strategy, order }),
        events: [on('crash', 3), on('kill', 2), stop(1_000)],
      },
    ]
  }),
)

const hanging: readonly Behaviour[] = [{ stop: { ends: 'never' } }, { start: { ends: 'ok', ms: 0 } }]
const failing: readonly Behaviour[] = [{}, { start: { ends: 'error', ms: 0 } }, { start: { ends: 'ok', ms: 0 } }]

/** What has a difficulty of its own. */
const specials: readonly World[] = [
  {
    name: 'a supervisor that gives up while the whole stops',
    plan: over('app', [over('s', [one('a'), one('b')], { intensity: { max: 0, within: 100 } }), one('c')]),
    events: [on('crash', 2), stop(100), { does: 'hurry' }],
  },
  {
    name: 'edges at two depths',
    plan: over('app', [one('a'), over('s', [one('b'), one('e', { edge: true })]), one('f', { edge: true })]),
    events: [on('crash', 3), stop(1_000), stop(10)],
  },
  {
    name: 'one that hangs when it is asked to stop',
    plan: over('app', [one('a'), one('b', { lives: hanging, shutdown: 10 }), one('c')]),
    events: [on('kill', 2), on('crash', 1), stop(5)],
  },
  {
    name: 'a start that fails at a restart',
    plan: over('app', [one('a', { lives: failing }), one('b', uses('app/a'))]),
    events: [on('crash', 1), on('crash', 2), stop(1_000)],
  },
  {
    name: 'a back-off, two crashes and a stop',
    plan: over('app', [one('a'), one('b', uses('app/a'))], { backoff: { initial: 10, factor: 2, jitter: 0 } }),
    events: [on('crash', 1), on('crash', 2), stop(100)],
  },
  {
    name: 'stopped by hand, started by hand, and a crash',
    plan: over('app', [one('a'), one('b', uses('app/a')), one('c')], { order: 'graph' }),
    events: [on('terminate', 2), on('restart', 2), on('crash', 1)],
  },
  {
    name: 'a killed supervisor, and a stop',
    plan: over('app', [over('s', [one('a'), one('b')]), one('c')]),
    events: [on('kill', 1), on('crash', 4), stop(100)],
  },
  {
    name: 'four along a diamond of uses',
    plan: over(
      'app',
      [
        one('a'),
        one('b', uses('app/a')),
        one('c', uses('app/a')),
        one('d', { uses: ['b', 'c'].map((id) => ({ target: `app/${id}`, live: false })) }),
      ],
      { order: 'graph' },
    ),
    events: [on('crash', 2), stop(1_000)],
  },
]

/** All of them. */
export const WORLDS: readonly World[] = [...families, ...specials]
