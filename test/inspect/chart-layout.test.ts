// Every chart is laid out so that its words can be read and its arrows be followed.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { crossings } from '../../src/inspect/page/chart/crossings.js'
import { layout } from '../../src/inspect/page/chart/layout.js'
import { lifeChart, lifeDrawing } from '../../src/inspect/page/chart/life.js'
import { chartOf, lifecycleChart } from '../../src/kernel/chart.js'
import type { Chart } from '../../src/protocol/chart.js'
import { extentOf } from '../properties/check.js'
import { anyChart, edge, flaws, node, onTopOfAnother } from './charts.js'
import { machines } from './machines.js'

const { runs, seed } = extentOf(200, 3)

test('in no chart do words or frames overlap, and every arrow leads from border to border past what is not its own', () => {
  fc.assert(
    fc.property(anyChart, (chart) => void expect(flaws(chart, layout(chart))).toEqual([])),
    { numRuns: runs, seed },
  )
})

test('ways are counted as crossing pair by pair', () => {
  const place = fc.integer({ min: 0, max: 9 })
  fc.assert(
    fc.property(fc.array(fc.record({ top: place, bottom: place }), { maxLength: 30 }), (ways) => {
      const pairs = ways.flatMap((one, at) => ways.slice(at + 1).map((other) => (one.top - other.top) * (one.bottom - other.bottom)))
      expect(crossings(ways)).toBe(pairs.filter((product) => product < 0).length)
    }),
    { numRuns: runs, seed },
  )
})

test('arrows hardly ever run on top of one another', () => {
  const found = fc.sample(anyChart, { numRuns: 400, seed: 3 }).filter((chart) => onTopOfAnother(layout(chart)).length > 0)
  expect(found.length).toBeLessThanOrEqual(8)
})

describe('a machine', () => {
  test.each(Object.entries(machines))('%s is drawn without a flaw', (_name, config) => {
    const chart = chartOf(createMachine(config)) as Chart
    const drawing = layout(chart)
    expect(flaws(chart, drawing)).toEqual([])
    expect(onTopOfAnother(drawing)).toEqual([])
    expect(drawing.states.map(({ id }) => id).sort()).toEqual(chart.nodes.map(({ id }) => id).sort())
    const drawn = drawing.arrows.flatMap(({ lines }) => lines.map(({ edge: index }) => index)).sort((a, b) => a - b)
    expect(drawn).toEqual([...chart.edges.keys()].filter((index) => chart.edges[index]?.to !== undefined))
  })

  test('that only goes forward is one straight line', () => {
    const nodes = ['m.a', 'm.b', 'm.c', 'm.d'].map((id) => node(id))
    const chart: Chart = {
      id: 'm',
      nodes: [node('m', { kind: 'compound', initial: 'm.a' }), ...nodes],
      edges: [edge('m.a', 'm.b', 'NEXT'), edge('m.b', 'm.c', 'A_MUCH_LONGER_NAME'), edge('m.c', 'm.d', 'X')],
    }
    expect(layout(chart).arrows.map(({ path }) => path.length)).toEqual([2, 2, 2])
  })

  test('of a hundred states is drawn', () => {
    const nodes = Array.from({ length: 100 }, (_, index) => node(`m.s${index}`))
    const edges = nodes.flatMap(({ id }, index) => [
      edge(id, `m.s${(index + 1) % 100}`, 'NEXT'),
      edge(id, `m.s${(index * 7) % 100}`, 'JUMP'),
    ])
    const chart: Chart = { id: 'm', nodes: [node('m', { kind: 'compound', initial: 'm.s0' }), ...nodes], edges }
    expect(flaws(chart, layout(chart))).toEqual([])
  })
})

test('a flaw is found', () => {
  const chart: Chart = {
    id: 'm',
    nodes: [node('m', { kind: 'compound', initial: 'm.a' }), node('m.a'), node('m.b')],
    edges: [edge('m.a', 'm.b', 'GO')],
  }
  const drawing = layout(chart)
  const [root, a, b] = drawing.states
  const [arrow] = drawing.arrows
  if (root === undefined || a === undefined || b === undefined || arrow === undefined) throw new Error('nothing is drawn')
  const moved = { ...b, x: a.x, y: a.y + 10, heading: { ...b.heading, x: a.x, y: a.y + 10 } }
  expect(flaws(chart, { ...drawing, states: [root, a, moved] })).toEqual(
    expect.arrayContaining(['state m.a overlaps state m.b', 'm.a → m.b does not end at its state']),
  )
  const label = { ...arrow.label, x: a.x, y: a.y }
  expect(flaws(chart, { ...drawing, arrows: [{ ...arrow, label }] })).toEqual(
    expect.arrayContaining(['state m.a overlaps label m.a → m.b']),
  )
  const path = [{ x: a.x, y: a.y }, ...arrow.path.slice(1)]
  expect(flaws(chart, { ...drawing, arrows: [{ ...arrow, path }] })).toEqual(expect.arrayContaining(['m.a → m.b is askew']))
})

describe('the life of a service', () => {
  test('is that of the kernel', () => {
    expect(lifeChart).toEqual(lifecycleChart)
  })

  test('is drawn by hand without a flaw, all of it', () => {
    expect(flaws(lifeChart, lifeDrawing)).toEqual([])
    const drawn = lifeDrawing.arrows.flatMap(({ lines }) => lines.map(({ edge: index }) => index)).sort((a, b) => a - b)
    expect(drawn).toEqual([...lifeChart.edges.keys()])
    const ids = lifeChart.nodes.filter(({ parent }) => parent !== undefined).map(({ id }) => id)
    expect(lifeDrawing.states.map(({ id }) => id).sort()).toEqual(ids.sort())
  })
})
