// What is measured is told as far as it has changed; whoever was added at run time is described once, whoever came and went never.
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMachine } from 'xstate'
import { actor, dynamicSupervisor, type Service, service, supervisor } from '../../src/index.js'
import { Picture } from '../../src/observe/picture/picture.js'
import type { Frame, StateFrame } from '../../src/observe/watch/frames.js'
import { Measuring } from '../../src/observe/watch/measuring.js'
import { Watch } from '../../src/observe/watch/watch.js'
import type { WatchReader } from '../../src/observe/watch/watch-reader.js'
import { leaf, pending, Stage } from '../tree/harness.js'

const daemon = { run: 'r', id: 'shop', pid: 1, host: 'h', node: 'v20', version: undefined, quiesce: '0', graceMs: 1, lameDuckMs: 0 }
const machine = createMachine({ id: 'door', initial: 'shut', states: { shut: { on: { PUSH: 'open' } }, open: {} } })

function measuringOf(stage: Stage<Service>): Measuring {
  const measuring = new Measuring(stage.system)
  stage.system.on((fact) => fact.type === 'deleted' && measuring.left(fact.address))
  measuring.begin()
  return measuring
}

/** A page that listens from now on: its picture, and what it is sent. */
function listening(stage: Stage<Service>): { readonly picture: Picture; measure(): void; read(): Frame[]; round(): Frame[] } {
  const watch = new Watch({ system: stage.system, daemon, now: () => stage.env.clock.now() })
  onTestFinished(() => watch.close())
  const measuring = measuringOf(stage)
  const reader: WatchReader & { measured?(measured: object): void } = watch.read(0, () => {})
  const [state] = reader.next(1)
  const picture = Picture.of(state as StateFrame)
  const measure = (): void => {
    const measured = measuring.next()
    if (measured !== undefined) reader.measured?.(measured)
  }
  const read = (): Frame[] => {
    const frames = JSON.parse(JSON.stringify(reader.next(100_000))) as Frame[]
    for (const frame of frames) {
      if (frame.type === 'fact') picture.apply(frame.fact, frame.seq)
      if (frame.type === 'gauges') picture.measure(frame)
    }
    return frames
  }
  const round = (): Frame[] => {
    measure()
    return read()
  }
  return { picture, measure, read, round }
}

test('nothing is told while nothing changes', async () => {
  const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
  expect(measuringOf(stage).next()).toBeUndefined()
})

describe('one that was added at run time', () => {
  test('is described once, with all below it, and is shown as the system has it', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    const { picture, round } = listening(stage)
    const extra = supervisor('extra', {
      strategy: 'rest-for-one',
      children: [actor('door', { logic: machine, restart: 'transient' }), dynamicSupervisor('many', { child: (id: string) => leaf(id) })],
    })
    await stage.system.ref('shop').startChild(extra)
    await stage.env.settle()
    const frames = round()
    expect(frames.at(-1)).toMatchObject({ type: 'gauges', added: [{ address: 'shop/extra', strategy: 'rest-for-one' }] })
    expect(picture.tree()).toEqual(JSON.parse(JSON.stringify(stage.system.tree())))
    const door = picture.nodes.get('shop/extra/door')
    expect(door).toMatchObject({ restart: 'transient', hasMachine: true })
    expect(door && picture.chartOf(door)?.id).toBe('door')
    expect(picture.frame().charts).toHaveProperty(['shop/extra/door'])
    expect(round()).toEqual([])
  })

  test('in the place of another is described anew', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    const { picture, round } = listening(stage)
    const shop = stage.system.ref('shop')
    await shop.startChild(service('extra', { start: () => 1 }))
    round()
    expect(picture.nodes.get('shop/extra')).toMatchObject({ restart: 'permanent' })
    await shop.terminateChild('extra')
    await shop.deleteChild('extra')
    await shop.startChild(service('extra', { start: () => 1, restart: 'temporary' }))
    await stage.env.settle()
    round()
    expect(picture.nodes.get('shop/extra')).toMatchObject({ restart: 'temporary' })
  })

  test('and has gone before the next round costs nothing, and is not brought back', async () => {
    const visitor = (id: string): Service => service(id, { restart: 'temporary', start: () => id })
    const sessions = dynamicSupervisor('sessions', { child: visitor })
    const stage = await new Stage(supervisor('shop', { children: [sessions] })).start()
    const { picture, round } = listening(stage)
    const { handle } = stage.system.ref(sessions)
    for (let count = 0; count < 1_000; count += 1) {
      const visit = await handle.start(`visitor-${count}`)
      visit.kill()
    }
    await stage.env.settle()
    const frames = round()
    expect(frames.filter(({ type }) => type === 'fact').length).toBeGreaterThan(4_000)
    expect(frames.filter(({ type }) => type !== 'fact')).toEqual([])
    expect(picture.nodes.size).toBe(2)
  })

  test('and has gone before a slow reader hears of it is not brought back', async () => {
    const visitor = (id: string): Service => service(id, { restart: 'temporary', start: () => id })
    const sessions = dynamicSupervisor('sessions', { child: visitor })
    const stage = await new Stage(supervisor('shop', { children: [sessions] })).start()
    const { picture, measure, read } = listening(stage)
    const visit = await stage.system.ref(sessions).handle.start('visitor')
    measure()
    visit.kill()
    await stage.env.settle()
    expect(read().at(-1)).toMatchObject({ type: 'gauges', added: [{ address: visit.address }] })
    expect(picture.nodes.size).toBe(2)
  })

  test('the machine of the children of one dynamic supervisor is told once', async () => {
    const doors = dynamicSupervisor('doors', { child: (_: string) => actor('door', { logic: machine }) })
    const stage = await new Stage(supervisor('shop', { children: [doors] })).start()
    const { picture, round } = listening(stage)
    const { handle } = stage.system.ref(doors)
    for (let count = 0; count < 3; count += 1) await handle.start('any')
    const told = round().at(-1)
    expect(told?.type === 'gauges' && Object.keys(told.charts ?? {})).toEqual(['shop/doors'])
    await handle.start('any')
    const next = round().at(-1)
    expect(next?.type === 'gauges' && [next.added?.length, next.charts]).toEqual([1, {}])
    const charts = [...picture.childrenOf('shop/doors')].map((address) => {
      const node = picture.nodes.get(address)
      return node && picture.chartOf(node)?.id
    })
    expect(charts).toEqual(['door', 'door', 'door', 'door'])
  })
})

test('a reader that leaves measurements unread is given the state in their place', async () => {
  const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
  const watch = new Watch({ system: stage.system, daemon, now: () => 0 })
  const reader: WatchReader & { measured?(measured: object): void } = watch.read(0, () => {})
  expect(reader.next(10).map(({ type }) => type)).toEqual(['state'])
  const round = (first: number): object => ({
    changed: Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`shop/${first + index}`, { inFlight: 1 }])),
  })
  reader.measured?.(round(0))
  expect(reader.next(10).map(({ type }) => type)).toEqual(['gauges'])
  reader.measured?.(round(0))
  reader.measured?.(round(6_000))
  expect(reader.next(10).map(({ type }) => type)).toEqual(['state'])
  watch.close()
})

test('one that waits for an earlier one that was killed is said to, until it begins', async () => {
  const closing = pending()
  const stuck = service('stuck', { shutdown: 200, start: () => 1, stop: () => closing.promise })
  const stage = await new Stage(supervisor('shop', { children: [stuck] })).start()
  const { picture, round } = listening(stage)
  stage.system.ref(stuck).kill()
  await stage.env.settle()
  round()
  expect(stage.system.tree().children[0]).toMatchObject({ state: 'starting', incarnation: 2, predecessor: 1 })
  expect(picture.nodes.get('shop/stuck')).toMatchObject({ state: 'stopped', incarnation: 1, predecessor: 1 })
  closing.resolve()
  await stage.env.settle()
  round()
  expect(picture.nodes.get('shop/stuck')).toMatchObject({ state: 'ready', incarnation: 2, predecessor: undefined })
  expect(stage.system.tree().children[0]).toMatchObject({ state: 'ready', predecessor: undefined })
})
