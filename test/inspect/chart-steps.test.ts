// Which step a service has just taken, read off the facts alone: through its life, and through a machine of the user's.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnyMachineSnapshot, createActor, createMachine, fromPromise } from 'xstate'
import { LIFE_IDS, lifeChart } from '../../src/inspect/page/chart/life.js'
import { activeIn, lastStep, takenEdges } from '../../src/inspect/page/chart/steps.js'
import { chartOf } from '../../src/kernel/chart.js'
import { Picture } from '../../src/observe/picture/picture.js'
import type { WireFact } from '../../src/observe/watch/frames.js'
import type { Chart } from '../../src/protocol/chart.js'
import { machines } from './machines.js'
import { eachRun } from './scenario-run.js'

describe('a step of a life', () => {
  test('is always one of the chart, and leads to where the service is', async () => {
    const seen = new Set<string>()
    await eachRun(({ first, facts }) => {
      const picture = Picture.of(first)
      const about = new Map<string, WireFact[]>()
      for (const { fact, seq } of facts) {
        picture.apply(fact, seq)
        const own = [...(about.get(fact.address) ?? []), fact]
        about.set(fact.address, own)
        const step = lastStep(own)
        const node = picture.nodes.get(fact.address)
        if (step === undefined || node === undefined) continue
        expect(step.to).toBe(node.state)
        const ways = lifeChart.edges.filter(({ from, to }) => from === LIFE_IDS[step.from] && to === LIFE_IDS[step.to])
        expect(ways.length, `${step.from} → ${step.to}`).toBeGreaterThan(0)
        if (step.event !== undefined) expect(ways.map(({ event }) => event)).toContain(step.event)
        seen.add(`${step.from} → ${step.to}: ${step.event}`)
      }
    })
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'starting → ready: started',
        'ready → settling: stop',
        'settling → closing: settled',
        'closing → stopped: closed',
        'starting → stopped: failed',
      ]),
    )
  })

  const fact = (type: string, more: object = {}): WireFact =>
    ({ type, at: 10, address: 'shop/db', incarnation: 1, ...more }) as unknown as WireFact

  test('names its cause', () => {
    const begun = [fact('starting'), fact('started', { tookMs: 1 })]
    expect(lastStep(begun)).toEqual({ from: 'starting', to: 'ready', event: 'started', at: 10 })
    const crashed = [
      ...begun,
      fact('crashed', { error: {} }),
      fact('draining', { state: 'closing', inFlight: 0, deadlineMs: 5 }),
      fact('closing'),
    ]
    expect(lastStep(crashed)).toEqual({ from: 'ready', to: 'closing', event: 'crash', at: 10 })
    const expired = fact('stopped', { at: 15, ending: { verdict: 'killed' } })
    expect(lastStep([...crashed, expired])).toMatchObject({ from: 'closing', to: 'stopped', event: 'expired' })
    const killed = fact('stopped', { at: 12, ending: { verdict: 'killed' } })
    expect(lastStep([...crashed, killed])).toMatchObject({ from: 'closing', to: 'stopped', event: 'kill' })
  })

  test('names what cut it off, where the recording says so', () => {
    const settling = [fact('starting'), fact('started', { tookMs: 1 }), fact('draining', { state: 'settling', inFlight: 1, deadlineMs: 5 })]
    const cutOff = (why?: string): WireFact[] => [...settling, fact('forced', { inFlight: 1, why }), fact('closing')]
    const events = ['hurry', 'expired', undefined].map((why) => lastStep(cutOff(why)))
    expect(events).toEqual(['hurry', 'expired', undefined].map((event) => ({ from: 'settling', to: 'closing', event, at: 10 })))
    // A hurry has brought its deadline nearer than it was told of.
    const ended = fact('stopped', { at: 12, ending: { verdict: 'killed' } })
    expect(lastStep([...cutOff('hurry'), fact('forced', { inFlight: 0, why: 'expired' }), ended])).toMatchObject({ event: 'expired' })
  })

  test('is forgotten when it starts again', () => {
    expect(lastStep([fact('starting'), fact('started', { tookMs: 1 }), fact('starting')])).toBeUndefined()
  })
})

interface Transitions {
  readonly _transitions: readonly {
    readonly source: { readonly path: readonly string[] }
    readonly target?: readonly { readonly path: readonly string[] }[]
  }[]
}

describe('a step of a machine', () => {
  test.each(['toggle', 'fetcher', 'player', 'thirty', 'order', 'workflow'] as const)('%s: the transitions that XState took', (name) => {
    const machine = createMachine(machines[name] as never).provide({
      actors: { fetchUser: fromPromise(() => new Promise(() => {})), authorise: fromPromise(() => new Promise(() => {})) },
      guards: { isAllowed: () => true, hasTriesLeft: () => true },
    } as never)
    const chart = chartOf(machine) as Chart
    const events = [...new Set(chart.edges.map(({ event }) => event))].filter((event) => event !== '' && !event.startsWith('xstate.'))
    let compared = 0
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (sent) => {
        let took: Transitions['_transitions'] = []
        const actor = createActor(machine, {
          inspect: (event) => {
            if (event.type === '@xstate.microstep') took = [...took, ...(event as unknown as Transitions)._transitions]
          },
        }).start()
        for (const type of sent) {
          const before = activeIn(chart, (actor.getSnapshot() as AnyMachineSnapshot).value)
          took = []
          actor.send({ type })
          const { value } = actor.getSnapshot() as AnyMachineSnapshot
          const moved = took.filter(({ target }) => target !== undefined)
          const id = (path: readonly string[]): string => [chart.id, ...path].join('.')
          const expected = moved.map(({ source, target }) => `${id(source.path)} → ${id(target?.[0]?.path ?? [])}`)
          const found = takenEdges(chart, before, activeIn(chart, value), type).map(
            (index) => `${chart.edges[index]?.from} → ${chart.edges[index]?.to}`,
          )
          if (expected.length > 0 && [...activeIn(chart, value)].some((state) => !before.has(state))) {
            compared += 1
            expect(found).toEqual(expected)
          }
        }
        actor.stop()
      }),
      { numRuns: 60, seed: 5 },
    )
    expect(compared).toBeGreaterThan(20)
  })

  test('through what is taken at once', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { always: 'c' }, c: { always: { target: 'd', guard: 'g' } }, d: {} },
    })
    const chart = chartOf(machine) as Chart
    const taken = takenEdges(chart, activeIn(chart, 'a'), activeIn(chart, 'd'), 'GO').map((index) => chart.edges[index]?.to)
    expect(taken).toEqual(['m.b', 'm.c', 'm.d'])
  })

  test('into what is remembered, and anew into the state around', () => {
    const consumer = chartOf(createMachine(machines.consumer as never)) as Chart
    const resumed = takenEdges(consumer, activeIn(consumer, { running: 'paused' }), activeIn(consumer, { running: 'poisoned' }), 'RESUME')
    expect(resumed.map((index) => consumer.edges[index]?.to)).toEqual(['consumer.running.hist'])
    const workflow = chartOf(createMachine(machines.workflow as never)) as Chart
    const up = takenEdges(workflow, activeIn(workflow, { a: { x: 'three' } }), activeIn(workflow, { a: { x: 'one' } }), 'UP')
    expect(up.map((index) => workflow.edges[index]?.to)).toEqual(['workflow.a'])
  })

  test('that nobody can tell is none', () => {
    const chart = chartOf(createMachine(machines.order as never)) as Chart
    expect(takenEdges(chart, activeIn(chart, 'cart'), activeIn(chart, 'shipped'), 'NEXT')).toEqual([])
  })

  test('what is active, with all around it', () => {
    const chart = chartOf(createMachine(machines.consumer as never)) as Chart
    const value = { running: { working: { handle: 'store', ack: 'pending' } } }
    expect([...activeIn(chart, value)].map((id) => id.slice('consumer.'.length))).toEqual([
      '',
      'running',
      'running.working',
      'running.working.handle',
      'running.working.handle.store',
      'running.working.ack',
      'running.working.ack.pending',
    ])
  })
})
