// What the tree tells of itself to those who look: its exact states, what is measured, the phases of its stop.
import { describe, expect, test } from 'vitest'
import { setup } from 'xstate'
import { actor, dynamicSupervisor, type Fact, type FactType, leader, service, supervisor } from '../../src/index.js'
import { memoryLease } from '../../src/leases/memory.js'
import type { TreeNode } from '../../src/tree/tree-node.js'
import { leaf, pending, Stage } from './harness.js'

const at = (root: TreeNode, address: string): TreeNode | undefined =>
  root.address === address ? root : root.children.map((child) => at(child, address)).find((found) => found !== undefined)

/** The states that facts tell of, one after another. */
function statesOf(facts: readonly Fact[], address: string): string[] {
  return facts.flatMap((fact) => {
    if (fact.address !== address) return []
    if (fact.type === 'starting' || fact.type === 'closing') return [fact.type]
    if (fact.type === 'started') return ['ready']
    if (fact.type === 'draining') return [fact.state]
    return fact.type === 'stopped' ? ['stopped'] : []
  })
}

describe('states', () => {
  test('are known from the facts alone: a stop, a crash, a start that is called off', async () => {
    const never = service('never', { start: (ctx) => ctx.sleep('1h') })
    const crashing = service('crashing', {
      run: async (ctx) => void (await ctx.sleep(5).then(() => Promise.reject(new Error('x')))),
      restart: 'temporary',
    })
    const stage = await new Stage(supervisor('shop', { children: [leaf('db'), crashing] })).start()
    await stage.env.advance(10)
    expect(statesOf(stage.facts, 'shop/crashing')).toEqual(['starting', 'ready', 'closing', 'closing', 'stopped'])
    const added = stage.system
      .ref('shop')
      .startChild(never)
      .catch(() => {})
    await stage.env.settle()
    expect(at(stage.system.tree(), 'shop/never')?.state).toBe('starting')
    await stage.system.stop()
    await added
    expect(statesOf(stage.facts, 'shop/db')).toEqual(['starting', 'ready', 'settling', 'closing', 'stopped'])
    expect(statesOf(stage.facts, 'shop/never')).toEqual(['starting', 'cancelling', 'stopped'])
  })

  test('a machine of a user tells its states, and what was sent to it by name only', async () => {
    const machine = setup({ types: { events: {} as { type: 'open'; secret: string } | { type: 'close' } } }).createMachine({
      initial: 'shut',
      states: { shut: { on: { open: 'wide' } }, wide: { on: { close: 'shut' }, after: { 100: 'shut' } } },
    })
    const door = actor('door', { logic: machine })
    const stage = await new Stage(supervisor('house', { children: [door] })).start()
    stage.system.ref(door).handle.send({ type: 'open', secret: 'do not tell' })
    await stage.env.settle()
    await stage.env.advance(200)
    const transitions = stage.facts.filter(({ type }) => type === 'transition')
    expect(transitions.map((fact) => fact.type === 'transition' && [fact.event, fact.value])).toEqual([
      [undefined, 'shut'],
      ['open', 'wide'],
      [undefined, 'shut'],
    ])
    expect(JSON.stringify(transitions)).not.toContain('do not tell')
    expect(at(stage.system.tree(), 'house/door')?.hasMachine).toBe(true)
    await stage.system.stop()
  })

  test('a place that is gone is told of', async () => {
    const many = dynamicSupervisor('many', { child: (name: string) => leaf(name, { restart: 'temporary' }) })
    const stage = await new Stage(supervisor('shop', { children: [many] })).start()
    const one = await stage.system.ref(many).handle.start('one')
    one.kill()
    await stage.env.settle()
    expect(stage.facts.filter(({ type }) => type === 'deleted').map(({ address }) => address)).toEqual(['shop/many/one@1'])
    expect(at(stage.system.tree(), 'shop/many')?.children).toEqual([])
    await stage.system.stop()
  })
})

describe('measures', () => {
  test('capacity, who waits, and refusals by reason over all incarnations', async () => {
    const answers = [pending<string>(), pending<string>()]
    let asked = 0
    const desk = service('desk', {
      start: () => 'desk',
      requests: { serve: () => answers[asked++]?.promise },
      capacity: 1,
      queue: 1,
    })
    const stage = await new Stage(supervisor('shop', { children: [desk] })).start()
    const ref = stage.system.ref(desk)
    const served = [ref.ask('serve', undefined), ref.ask('serve', undefined)]
    await stage.env.settle()
    await expect(ref.ask('serve', undefined)).rejects.toMatchObject({ code: 'ERR_AT_CAPACITY' })
    expect(at(stage.system.tree(), 'shop/desk')).toMatchObject({
      inFlight: 1,
      capacity: 1,
      waiting: 1,
      refused: { atCapacity: 1, draining: 0, notReady: 0 },
    })
    const restarted = ref.restart()
    const dispersed = expect(served[1]).rejects.toMatchObject({ code: 'ERR_DRAINING' })
    await stage.env.settle()
    await expect(ref.ask('serve', undefined)).rejects.toMatchObject({ code: 'ERR_DRAINING' })
    await dispersed
    answers[0]?.resolve('done')
    expect(await served[0]).toBe('done')
    await restarted
    expect(at(stage.system.tree(), 'shop/desk')).toMatchObject({ incarnation: 2, refused: { atCapacity: 1, draining: 2, notReady: 0 } })
    await stage.system.stop()
  })

  test('the children of a dynamic supervisor are counted at their supervisor', async () => {
    const many = dynamicSupervisor('many', {
      child: (name: string) =>
        service(name, { start: () => name, requests: { hang: () => new Promise(() => {}) }, capacity: 1, shutdown: 10 }),
    })
    const stage = await new Stage(supervisor('shop', { children: [many] })).start()
    for (const name of ['a', 'b']) {
      const one = await stage.system.ref(many).handle.start(name)
      one.ask('hang' as never, undefined as never).catch(() => {})
      await stage.env.settle()
      await expect(one.ask('hang' as never, undefined as never)).rejects.toMatchObject({ code: 'ERR_AT_CAPACITY' })
    }
    const node = at(stage.system.tree(), 'shop/many')
    expect(node).toMatchObject({ dynamic: true, refused: { atCapacity: 2 } })
    expect(node?.children.map(({ refused, inFlight }) => [refused, inFlight])).toEqual([
      [undefined, 1],
      [undefined, 1],
    ])
    const stopped = stage.system.stop()
    await stage.env.advance(100)
    await stopped
  })

  test('health misses, the restarts that the intensity counts, who leads in which term', async () => {
    let isFine = false
    const sick = service('sick', { start: () => 1, health: { every: 10, failures: 3, check: () => isFine } })
    const head = leader('head', { lease: memoryLease('jobs'), candidate: 'a', child: () => leaf('child') })
    const stage = await new Stage(supervisor('shop', { children: [sick, head] })).start()
    await stage.env.advance(25)
    expect(at(stage.system.tree(), 'shop/sick')?.health).toEqual({ misses: 2, limit: 3 })
    isFine = true
    await stage.env.advance(10)
    expect(at(stage.system.tree(), 'shop/sick')?.health).toEqual({ misses: 0, limit: 3 })
    stage.system.ref(sick).kill()
    await stage.env.settle()
    expect(stage.system.tree().restarts).toMatchObject({ count: 1 })
    await stage.env.advance(1_000)
    expect(at(stage.system.tree(), 'shop/head')?.leader).toEqual({ leading: true, term: '1' })
    const stopped = stage.system.stop()
    await stage.env.advance(10)
    await stopped
    expect(at(stage.system.tree(), 'shop/head')?.leader).toEqual({ leading: false, term: undefined })
  })
})

describe('the phases of a stop', () => {
  const PHASES = new Set<FactType>(['shutdown-started', 'shutdown-ended', 'phase-started', 'phase-ended'])
  const told = (facts: readonly Fact[]): unknown[] =>
    facts.flatMap((fact): unknown[] => {
      if (fact.type === 'phase-started') return [`${fact.phase} starts`]
      if (fact.type === 'phase-ended') return [`${fact.phase} ends after ${fact.tookMs} ms${fact.failed ? ', failed' : ''}`]
      if (fact.type === 'shutdown-started') return [`stop: ${fact.reason}, ${fact.inFlight} in flight, ${fact.budgetMs} ms`]
      return fact.type === 'shutdown-ended' ? [fact.summary] : []
    })

  test('edges, then the rest; with what each took and whether it failed', async () => {
    const drained = pending()
    const edge = leaf('edge', { edge: true, drain: () => drained.promise })
    const stuck = leaf('stuck', { shutdown: 100, stop: () => new Promise(() => {}) })
    const stage = await new Stage(supervisor('shop', { children: [stuck, edge] })).start()
    const stopped = stage.system.stop({ reason: 'deploy', deadline: '10s' })
    await stage.env.advance(40)
    expect(stage.system.report).toBeUndefined()
    drained.resolve()
    await stage.env.advance(1_000)
    const report = await stopped
    expect(told(stage.facts.filter(({ type }) => PHASES.has(type)))).toEqual([
      'stop: deploy, 0 in flight, 10000 ms',
      'edges starts',
      'edges ends after 40 ms',
      'tree starts',
      'tree ends after 100 ms, failed',
      { reason: 'deploy', tookMs: 140, clean: false, forceCancelled: 0 },
    ])
    expect(stage.system.report).toBe(report)
  })

  test('a tree without edges has one phase, and so has a start that is undone', async () => {
    const stage = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    await stage.system.stop()
    expect(told(stage.facts).slice(1, -1)).toEqual(['tree starts', 'tree ends after 0 ms'])
    const failing = service('failing', { start: () => Promise.reject(new Error('no')) })
    const undone = new Stage(supervisor('shop', { children: [leaf('edge', { edge: true }), failing] }))
    await expect(undone.system.start()).rejects.toThrow('no')
    expect(told(undone.facts).filter((line) => typeof line === 'string' && line.endsWith('starts'))).toEqual(['tree starts'])
  })

  test('whoever hears only these makes nobody build others', async () => {
    const stage = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const heard: Fact[] = []
    const system = new Stage(supervisor('quiet', { children: [leaf('db')] })).system
    expect(stage.facts).toEqual([])
    const forget = system.on((fact) => heard.push(fact), PHASES)
    await system.start()
    await system.stop()
    forget()
    expect(new Set(heard.map(({ type }) => type)).size).toBeGreaterThan(3)
  })
})
