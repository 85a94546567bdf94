// A chart holds what a machine's definition says, each state and each transition once, and nothing of what flows through it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { and, assign, createMachine, fromPromise, fromTransition, not, or, raise, sendParent, setup, stateIn } from 'xstate'
import { chartOf, lifecycleChart } from '../../src/kernel/chart.js'
import { memoizedLifecycle } from '../../src/kernel/memoize.js'
import type { Chart, ChartEdge, ChartNode } from '../../src/protocol/chart.js'
import { type MachineConfig, machineConfigs } from '../support/machine-configs.js'

const SECRET = 'hunter2'

const printing = createMachine({ id: 'printing' })
const wide = setup({
  types: { context: {} as { secret: string; count: number } },
  actions: { greet: () => {}, beep: () => {}, tell: (_, _params: { secret: string }) => {} },
  guards: { isOpen: () => true, isBig: (_, _params: { over: number }) => true },
  delays: { patience: 1_000 },
  actors: { job: fromPromise(async () => SECRET), printer: printing },
}).createMachine({
  id: 'wide',
  context: { secret: SECRET, count: 0 },
  initial: 'idle',
  on: { 'RESET.ALL': '.idle', '*': { actions: 'beep' } },
  states: {
    idle: {
      tags: ['ready', 'calm'],
      entry: ['greet', { type: 'tell', params: { secret: SECRET } }, () => {}, assign({ count: 1 })],
      exit: function leave() {},
      on: {
        GO: [
          { target: 'work', guard: 'isOpen', actions: [raise({ type: 'X' }), 'beep'] },
          { target: 'idle', reenter: true, guard: { type: 'isBig', params: { over: 3 } } },
          { actions: sendParent({ type: 'no' }) },
        ],
        NEVER: {},
        ASK: { target: '#away', guard: ({ context }) => context.count > 0 },
        BOTH: {
          target: ['.', 'work.left.two', 'work.right.one'].slice(1),
          guard: and(['isOpen', or([not('isOpen'), stateIn({ work: { left: 'two' } })])]),
        },
        IN: { target: 'idle', guard: not(stateIn('#away')) },
        NAMED: {
          target: 'idle',
          guard: function isSunny() {
            return true
          },
          actions: function whistle() {},
        },
        MIXED: { target: 'idle', guard: not(and(['isOpen', () => true])) },
      },
      after: { 500: 'work', patience: [{ target: 'gone', guard: 'isOpen' }, { actions: 'beep' }] },
    },
    work: {
      type: 'parallel',
      states: {
        left: {
          initial: 'one',
          states: {
            one: { on: { NEXT: 'two' } },
            two: { on: { END: { target: 'end', actions: 'greet' } } },
            end: { type: 'final' },
            past: { type: 'history', history: 'deep', target: 'two' },
          },
          onDone: { actions: 'beep' },
        },
        right: { initial: 'one', states: { one: { always: { target: 'two', guard: 'isOpen' } }, two: {}, past: { type: 'history' } } },
      },
      onDone: 'gone',
    },
    'far.away': {
      id: 'away',
      invoke: [
        { id: 'myJob', src: 'job', input: { secret: SECRET }, onDone: { target: 'gone', actions: 'greet' }, onError: 'idle' },
        { src: 'printer', onSnapshot: { actions: 'beep' } },
        { src: fromPromise(async () => SECRET), onDone: 'idle' },
        { src: printing, onError: 'idle' },
      ],
      on: { BACK: 'work.left.past' },
    },
    gone: { type: 'final' },
  },
})

const chart = chartOf(wide) as Chart
const node = (id: string): ChartNode | undefined => chart.nodes.find((each) => each.id === id)
const line = ({ from, to, label, guard, actions }: ChartEdge): string =>
  `${from} -> ${to ?? ''}: ${label}${guard === undefined ? '' : ` [${guard}]`}${actions.length === 0 ? '' : ` / ${actions}`}`

describe('the chart of a wide machine', () => {
  test('has its states, parents before children, in the order in which they are written', () => {
    expect(chart.id).toBe('wide')
    expect(chart.nodes.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      'wide compound',
      'wide.idle atomic',
      'wide.work parallel',
      'wide.work.left compound',
      'wide.work.left.one atomic',
      'wide.work.left.two atomic',
      'wide.work.left.end final',
      'wide.work.left.past history',
      'wide.work.right compound',
      'wide.work.right.one atomic',
      'wide.work.right.two atomic',
      'wide.work.right.past history',
      'wide.far\\.away atomic',
      'wide.gone final',
    ])
    expect(node('wide')).toEqual({
      id: 'wide',
      key: 'wide',
      kind: 'compound',
      initial: 'wide.idle',
      tags: [],
      entry: [],
      exit: [],
      invokes: [],
    })
    expect(node('wide.work.left')).toMatchObject({ key: 'left', parent: 'wide.work', initial: 'wide.work.left.one' })
    expect([node('wide.work.left.past')?.history, node('wide.work.right.past')?.history]).toEqual(['deep', 'shallow'])
  })

  test('names what is done on entry and exit, what is invoked, and leaves out what XState adds for delays', () => {
    expect(node('wide.idle')).toMatchObject({ tags: ['ready', 'calm'], entry: ['greet', 'tell', 'assign'], exit: ['leave'] })
    expect(node('wide.far\\.away')?.invokes).toEqual(['myJob', 'printer', '…', 'printing'])
  })

  test('has its transitions, with their causes in the words of people', () => {
    expect(chart.edges.map(line)).toEqual([
      'wide -> wide.idle: RESET.ALL',
      'wide -> : * / beep',
      'wide.idle -> wide.work: GO [isOpen] / raise,beep',
      'wide.idle -> wide.idle: GO [isBig]',
      'wide.idle -> : GO / sendTo',
      'wide.idle -> : NEVER',
      'wide.idle -> wide.far\\.away: ASK […]',
      'wide.idle -> wide.work.left.two: BOTH [isOpen and (not isOpen or in work.left.two)]',
      'wide.idle -> wide.work.right.one: BOTH [isOpen and (not isOpen or in work.left.two)]',
      'wide.idle -> wide.idle: IN [not in #away]',
      'wide.idle -> wide.idle: NAMED [isSunny] / whistle',
      'wide.idle -> wide.idle: MIXED [not (isOpen and …)]',
      'wide.idle -> wide.work: after 500 ms',
      'wide.idle -> wide.gone: after patience [isOpen]',
      'wide.idle -> : after patience / beep',
      'wide.work -> wide.gone: done: work',
      'wide.work.left -> : done: left / beep',
      'wide.work.left.one -> wide.work.left.two: NEXT',
      'wide.work.left.two -> wide.work.left.end: END / greet',
      'wide.work.left.past -> wide.work.left.two: nothing to remember',
      'wide.work.right.one -> wide.work.right.two: always [isOpen]',
      'wide.far\\.away -> wide.work.left.past: BACK',
      'wide.far\\.away -> wide.gone: done: myJob / greet',
      'wide.far\\.away -> wide.idle: error: myJob',
      'wide.far\\.away -> : snapshot: printer / beep',
      'wide.far\\.away -> wide.idle: done: …',
      'wide.far\\.away -> wide.idle: error: printing',
    ])
  })

  test('names events as XState does', () => {
    expect(new Set(chart.edges.filter(({ from }) => from === 'wide.far\\.away').map(({ event }) => event))).toEqual(
      new Set([
        'BACK',
        'xstate.done.actor.myJob',
        'xstate.error.actor.myJob',
        'xstate.snapshot.1.away',
        'xstate.done.actor.2.away',
        'xstate.error.actor.3.away',
      ]),
    )
    expect(chart.edges.find(({ label }) => label === 'always')?.event).toBe('')
    expect(chart.edges.find(({ label }) => label === 'after 500 ms')?.event).toBe('xstate.after.500.wide.idle')
  })

  test('is plain data, without a payload and without the source of a function', () => {
    expect(JSON.parse(JSON.stringify(chart))).toStrictEqual(chart)
    expect(JSON.stringify(chart)).not.toContain(SECRET)
    expect(JSON.stringify(chart)).not.toContain('=>')
    expect(JSON.stringify(chart)).not.toContain('context')
  })
})

test('routes are drawn to where they lead, with the guard that was written', () => {
  const routed = createMachine({
    id: 'routed',
    initial: 'a',
    states: { a: {}, b: { id: 'b', route: {} }, c: { id: 'see', route: { guard: 'isOpen' } } },
  } as Parameters<typeof createMachine>[0])
  expect(chartOf(routed)?.edges.map(line)).toEqual(['routed -> routed.b: route: b', 'routed -> routed.c: route: c [isOpen]'])
})

test('a machine without states is one node', () => {
  const one = { id: 'printing', key: 'printing', kind: 'atomic', tags: [], entry: [], exit: [], invokes: [] }
  expect(chartOf(printing)).toStrictEqual({ id: 'printing', nodes: [one], edges: [] })
})

test.each([
  ['a promise', fromPromise(async () => 1)],
  ['a transition function', fromTransition((state: object) => state, {})],
  ['nothing', undefined],
  ['null', null],
  ['a string', 'machine'],
  ['an object', {}],
])('there is none of %s', (_what, logic) => {
  expect(chartOf(logic)).toBeUndefined()
})

describe('the chart of the lifecycle', () => {
  test('is that of every service', () => {
    expect(chartOf(memoizedLifecycle({ active: false }))).toEqual(lifecycleChart)
    expect(JSON.parse(JSON.stringify(lifecycleChart))).toStrictEqual(lifecycleChart)
  })

  test('has its states and what leads from one to the next', () => {
    expect(lifecycleChart.nodes.map(({ id }) => id)).toEqual([
      'service',
      'service.starting',
      'service.ready',
      'service.draining',
      'service.draining.cancelling',
      'service.draining.settling',
      'service.draining.closing',
      'service.stopped',
    ])
    expect(lifecycleChart.edges).toHaveLength(22)
    expect(lifecycleChart.edges.map(line)).toContain('service.draining.settling -> service.draining.closing: expired / abort')
  })
})

describe('of any machine', () => {
  // Read from what was written, not from what XState made of it.
  function written(config: MachineConfig, path: string): { states: string[]; transitions: string[] } {
    const states = [path]
    const transitions: string[] = []
    const add = (cause: string, each: { readonly target?: string | undefined }): void =>
      void transitions.push(`${path} ${cause} ${each.target?.slice(1) ?? ''}`)
    for (const [event, list] of Object.entries(config.on ?? {})) for (const each of list) add(event, each)
    for (const [delay, list] of Object.entries(config.after ?? {})) for (const each of list) add(`after ${delay} ms`, each)
    for (const each of config.always ?? []) add('always', each)
    for (const [key, state] of Object.entries(config.states ?? {})) {
      const below = written(state, `${path}.${key}`)
      states.push(...below.states)
      transitions.push(...below.transitions)
    }
    return { states, transitions }
  }

  test('every state and every transition is there exactly once, as plain data', () => {
    fc.assert(
      fc.property(machineConfigs(), (config) => {
        const machine = createMachine(config as Parameters<typeof createMachine>[0])
        const { nodes, edges } = chartOf(machine) as Chart
        const { states, transitions } = written(config, 'any')
        expect(nodes.map(({ id }) => id)).toEqual(states)
        expect(edges.map(({ from, to, label }) => `${from} ${label} ${to ?? ''}`).sort()).toEqual(transitions.sort())
        const known = new Set(states)
        for (const { parent, initial } of nodes) for (const id of [parent, initial]) if (id !== undefined) expect(known).toContain(id)
        expect(JSON.parse(JSON.stringify({ nodes, edges }))).toStrictEqual({ nodes, edges })
      }),
      { numRuns: 300 },
    )
  })
})
