// The bridge to Stately's inspector, over real sockets, read by Stately's own receiver: from what is received alone the tree and every
// state are rebuilt, through crash, restart, a lost connection and the stop, and nothing of users' data is in it.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createInspector } from '@statelyai/inspect'
import { afterEach, describe, expect, test } from 'vitest'
import { assign, createMachine, fromPromise, setup, spawnChild } from 'xstate'
import { actor, type Context, createSystem, dynamicSupervisor, type Service, type System, service, supervisor } from '../../src/index.js'
import { type StatelyOptions, stately, statelyBridge } from '../../src/inspect.js'
import { Problems } from '../../src/protocol/spec.js'
import { livingIn } from '../support/rebuilt-tree.js'
import { type Frame, type Inspector, Relay } from '../support/stately-relay.js'

const SECRET = 'hunter2'

const light = createMachine({ id: 'light', initial: 'red', context: { code: SECRET }, states: { red: {} } })
const cartMachine = setup({
  types: {
    context: {} as { secret: string; pad?: string },
    events: {} as { type: 'ADD'; secret?: string; pad?: string } | { type: 'FAIL' },
    input: {} as { secret: string },
  },
  actors: { light, job: fromPromise(async ({ input }: { input: string }) => input) },
  actions: { tell: (_, _params: { secret: string }) => {} },
}).createMachine({
  id: 'cart',
  context: ({ input }) => input,
  initial: 'empty',
  entry: [spawnChild('light', { id: 'light' }), { type: 'tell', params: { secret: SECRET } }],
  invoke: {
    src: 'job',
    id: 'job',
    input: ({ context }) => context.secret,
    onDone: { actions: assign({ secret: ({ event }) => event.output }) },
  },
  on: {
    ADD: { target: '.full', actions: assign({ pad: ({ event }) => event.pad ?? '' }) },
    FAIL: { actions: () => thrown(SECRET) },
  },
  states: { empty: {}, full: { tags: ['ready'] } },
})

function thrown(text: string): never {
  throw new Error(text)
}

class Shop {
  readonly contexts: Context[] = []
  readonly db = service('db', { start: (ctx) => void this.contexts.push(ctx), stop: () => {} })
  readonly cart = actor('cart', { logic: cartMachine, input: { secret: SECRET }, isReady: () => true })
  readonly sessions = dynamicSupervisor('sessions', { child: (id: string) => service('session', { start: () => id }) })
  readonly tree = supervisor('shop', { intensity: { max: 10, within: '1s' }, children: [this.db, this.cart, this.sessions] })
  readonly system = createSystem(this.tree)
}

const CART = (number: number, state: string): string[] => [
  `shop/cart#${number}.actor ${state} in shop/cart#${number}`,
  `light red in shop/cart#${number}.actor`,
]

const relays: Relay[] = []
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()))
})

async function relayed(): Promise<{ readonly relay: Relay; readonly inspector: Inspector }> {
  const relay = await new Relay().listen()
  relays.push(relay)
  return { relay, inspector: await relay.inspector() }
}

const quietly = { onError: () => {} }

/** Waits until the inspector has come to know the tree as it is. */
async function agree(inspector: Inspector, system: Pick<System, 'tree'>, users: readonly string[] = []): Promise<void> {
  await inspector.until(() => JSON.stringify(inspector.tree.living()) === JSON.stringify(livingIn(system, users)))
  expect(inspector.tree.oddities).toEqual([])
}

describe('over a real WebSocket', () => {
  test('a whole life is rebuilt: start, crash, restart, a lost connection, what came and went meanwhile, stop', async () => {
    const { relay, inspector } = await relayed()
    const { system, cart, sessions, contexts } = new Shop()
    const connected = relay.connected()
    const bridge = statelyBridge(system, { url: relay.url, ...quietly })
    expect(bridge.connected).toBe(false)
    await connected
    await system.start()
    await agree(inspector, system, CART(1, 'empty'))
    expect(bridge.connected).toBe(true)
    bridge.resend()

    const { handle } = system.ref(cart)
    handle.send({ type: 'ADD' })
    const ada = await system.ref(sessions).handle.start('ada')
    await agree(inspector, system, CART(1, 'full'))

    contexts.at(-1)?.fail(new Error(SECRET))
    handle.send({ type: 'FAIL' })
    await system.ref('shop/db').ready()
    await inspector.until(() => inspector.tree.living().includes('shop/cart#2 ready in shop#1'))
    await agree(inspector, system, CART(2, 'empty'))

    const again = relay.connected()
    relay.drop()
    // What happens before it is noticed is lost on the way; what happens afterwards nobody sees.
    ada.kill()
    while (bridge.connected) await turn()
    const bob = await system.ref(sessions).handle.start('bob')
    handle.send({ type: 'ADD' })
    contexts.at(-1)?.fail(new Error(SECRET))
    await again
    await agree(inspector, system, CART(2, 'full'))
    expect(inspector.tree.living()).toContain(`${bob.address}#1 ready in shop/sessions#1`)
    expect(relay.connectionCount).toBe(2)

    const gone = once([...relay.applications][0] as never, 'close')
    const report = await system.stop()
    expect(report.clean).toBe(true)
    await agree(inspector, system)
    expect(inspector.tree.living()).toEqual([])
    // It ends by itself, and politely.
    expect((await gone)[0]).toBe(1000)
    await bridge.close()
    expect(bridge.connected).toBe(false)
    expect(relay.texts.join('\n')).not.toContain(SECRET)
  })

  test('one that connects late is shown all that lives, more than 200 actors', async () => {
    const { relay, inspector } = await relayed()
    const children = Array.from({ length: 300 }, (_, at) => service(`s${at}`, { start: () => {} }))
    const system = createSystem(supervisor('app', { children }) as Service)
    await system.start()
    statelyBridge(system, { url: relay.url, ...quietly })
    await agree(inspector, system)
    expect(inspector.tree.living()).toHaveLength(301)
    await system.stop()
    await agree(inspector, system)
  })

  test('it waits for an inspector that is not there yet, and says so once', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    closed.close()
    const { system } = new Shop()
    const errors: Error[] = []
    let tell: (error: Error) => void = () => {}
    const told = new Promise<Error>((resolve) => {
      tell = resolve
    })
    const bridge = statelyBridge(system, {
      url: `ws://me:${SECRET}@127.0.0.1:${port}/?token=${SECRET}`,
      onError: (error) => tell(errors[errors.push(error) - 1] as Error),
    })
    await system.start()
    await told
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^no inspector at ws:\/\/127.0.0.1:\d+\/: .*ECONNREFUSED.*; it is tried again/),
    ])
    expect(bridge.connected).toBe(false)
    bridge.resend()
    await system.stop()
    await bridge.close()
    expect(errors).toHaveLength(1)
  })

  test('whoever reads too slowly is shown the state again in place of every step', async () => {
    const { relay, inspector } = await relayed()
    const { system, cart } = new Shop()
    await system.start()
    statelyBridge(system, { url: relay.url, payload: true, ...quietly })
    await agree(inspector, system, CART(1, 'empty'))
    const pad = 'x'.repeat(9_000)
    // A context of some 10 kB a step: 20 MB before anybody can read.
    for (let step = 0; step < 2_000; step += 1) system.ref(cart).handle.send({ type: 'ADD', pad })
    const shown = (): Frame[] => inspector.frames.filter(({ type, name }) => type === '@xstate.actor' && name === 'shop#1')
    await inspector.until(() => shown().length > 1)
    await agree(inspector, system, CART(1, 'full'))
    await system.stop()
    await agree(inspector, system)
    const steps = inspector.frames.filter(({ type, event }) => type === '@xstate.event' && event.type === 'ADD')
    expect(steps.length).toBeGreaterThan(0)
    expect(steps.length).toBeLessThan(2_000)
  })

  test('`resend` shows all once more', async () => {
    const { relay, inspector } = await relayed()
    const { system } = new Shop()
    await system.start()
    const bridge = statelyBridge(system, { url: relay.url, ...quietly })
    await agree(inspector, system, CART(1, 'empty'))
    const late = await relay.inspector()
    bridge.resend()
    await agree(late, system, CART(1, 'empty'))
    await system.stop()
  })

  test('what is no address of a WebSocket is refused at once', () => {
    const { system } = new Shop()
    expect(() => statelyBridge(system, { url: 'nonsense' })).toThrow(SyntaxError)
  })
})

/** What Stately's own inspector would pass on. */
function framesOf(system: Pick<System, 'inspect' | 'ended'>, options: StatelyOptions = {}): Frame[] {
  const frames: Frame[] = []
  const inspector = createInspector({ send: (event) => void frames.push(event as unknown as Frame) })
  statelyBridge(system, { inspector, ...options })
  return frames
}

describe('a frame', () => {
  test('has what Stately looks for, and tells of the moment in which it was made', async () => {
    const { system } = new Shop()
    const frames = framesOf(system)
    const before = Date.now()
    const started = system.start()
    const after = Date.now()
    const count = frames.length
    while (Date.now() <= after + 5);
    await started
    expect(count).toBeGreaterThan(5)
    for (const { createdAt, _version } of frames.slice(0, count)) {
      expect(Number(createdAt)).toBeGreaterThanOrEqual(before)
      expect(Number(createdAt)).toBeLessThanOrEqual(after)
      expect(_version).toEqual(expect.any(String))
    }
    const [root, ...others] = frames.filter(({ type }) => type === '@xstate.actor')
    expect(root).toMatchObject({ name: 'shop#1', rootId: root?.sessionId, id: null })
    expect(JSON.parse(root?.definition ?? '')).toMatchObject({ id: 'service', initial: 'starting' })
    expect(others.find(({ name }) => name === 'shop/db#1')).toMatchObject({ parentId: root?.sessionId })
    const cart = others.find(({ name }) => name === 'shop/cart#1.actor')
    expect(JSON.parse(cart?.definition ?? '')).toMatchObject({ id: 'cart', states: { full: { tags: ['ready'] } } })
    expect(JSON.parse(others.find(({ name }) => name === 'job')?.definition ?? '')).toEqual({ id: 'job' })
    await system.stop()
    expect(frames.at(-1)).toMatchObject({ snapshot: { status: 'done', value: 'stopped', output: { reason: 'shutdown' } } })
    const done = frames.find(({ event }) => event?.type === 'xstate.done.actor.shop/db#1')
    expect(done?.sourceId).toBe(others.find(({ name }) => name === 'shop/db#1')?.sessionId)
  })

  test.each([false, true])('holds payloads: %s', async (payload) => {
    const { system, cart, contexts } = new Shop()
    const frames = framesOf(system, { payload })
    await system.start()
    const late = framesOf(system, { payload })
    system.ref(cart).handle.send({ type: 'ADD', secret: SECRET })
    await turn()
    contexts.at(-1)?.fail(new Error(SECRET))
    system.ref(cart).handle.send({ type: 'FAIL' })
    await turn()
    await system.stop()
    const text = JSON.stringify([frames, late])
    expect(text.includes(SECRET)).toBe(payload)
    expect(text).toContain('ADD')
    expect(text).toContain('"crash"')
    expect(frames.some(({ event }) => event?.type === 'ADD' && 'secret' in event)).toBe(payload)
    // Never in a definition.
    expect(frames.map(({ definition }) => definition).join('')).not.toContain(SECRET)
  })

  test('that the inspector refuses harms nobody', async () => {
    const { system } = new Shop()
    const inspector = createInspector({ send: () => thrown('full') })
    statelyBridge(system, { inspector })
    await system.start()
    expect((await system.stop()).clean).toBe(true)
  })
})

describe('as an observer of a daemon', () => {
  test('bad options are all reported', () => {
    const problems = new Problems()
    stately({ url: 'http://x', payload: 'yes' as never, inspector: {} as never }).check?.(problems)
    expect(problems.list).toEqual([
      "stately: `url` is 'http://x'; write 'ws://127.0.0.1:8080'",
      'stately: `inspector` is none; give what `createWebSocketInspector` and the like of @statelyai/inspect return',
      "stately: `payload` is 'yes', not true or false",
    ])
  })
})
