// What is sent as a machine's definition is that machine: XState makes one of it that has the same chart.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { definitionOf } from '../../src/inspect/stately/definition.js'
import { chartOf, lifecycleChart } from '../../src/kernel/chart.js'
import type { Chart, ChartEdge } from '../../src/protocol/chart.js'
import { machineConfigs } from '../support/machine-configs.js'

type Config = Parameters<typeof createMachine>[0]

const chartFrom = (definition: string): Chart => chartOf(createMachine(JSON.parse(definition) as Config)) as Chart

// The events of invoked actors and of delays have the ids that XState gave them; the order of the causes is that of the definition.
function comparable({ id, nodes, edges }: Chart): object {
  return { id, nodes, edges: edges.map(({ event: _event, ...edge }: ChartEdge) => JSON.stringify(edge)).sort() }
}

describe('the definition', () => {
  test('of the lifecycle', () => {
    expect(comparable(chartFrom(definitionOf(lifecycleChart)))).toEqual(comparable(lifecycleChart))
    expect(definitionOf(lifecycleChart)).toBe(definitionOf(lifecycleChart))
  })

  test('of a machine with all that there is', () => {
    const config = {
      id: 'shop.cart',
      type: 'parallel',
      context: { secret: 'hunter2' },
      on: { '*': { actions: [{ type: 'tell', params: { secret: 'hunter2' } }] } },
      states: {
        left: {
          initial: 'one',
          tags: ['ready'],
          entry: 'greet',
          exit: ['leave'],
          after: { 500: '.two', patience: [{ target: '.one', guard: 'isLate' }] },
          states: {
            one: { always: { target: 'two', guard: 'isDone' }, on: { X: [{ target: 'two', guard: 'a' }, { actions: 'b' }] } },
            two: { on: { 'Y.z': '#shop-end' } },
            past: { type: 'history', history: 'deep', target: 'two' },
            last: { type: 'history' },
            end: { type: 'final', id: 'shop-end' },
          },
          onDone: { actions: 'cheer' },
        },
        'odd.key': {
          initial: 'runs',
          states: {
            runs: {
              invoke: [
                {
                  id: 'job',
                  src: 'job',
                  input: { secret: 'hunter2' },
                  onDone: 'over',
                  onError: { actions: 'cry' },
                  onSnapshot: { actions: 'look' },
                },
                { src: 'clock', onDone: 'over' },
              ],
            },
            over: {},
          },
        },
      },
    }
    const chart = chartOf(createMachine(config as Config)) as Chart
    const text = definitionOf(chart)
    expect(text).not.toContain('hunter2')
    // Dots in the id of a machine are read as steps of a path.
    expect(comparable(chartFrom(text))).toEqual(comparable(chartOf(createMachine({ ...config, id: 'shop_cart' } as Config)) as Chart))
    expect(JSON.parse(text)).toMatchObject({
      id: 'shop_cart',
      type: 'parallel',
      states: { left: { initial: 'one', after: { 500: [{ target: '#shop_cart.left.two' }] }, states: { past: { history: 'deep' } } } },
    })
  })

  test('of any machine', () => {
    fc.assert(
      fc.property(machineConfigs(), (config) => {
        const chart = chartOf(createMachine(config as Config)) as Chart
        expect(comparable(chartFrom(definitionOf(chart)))).toEqual(comparable(chart))
      }),
      { numRuns: 100 },
    )
  })
})
