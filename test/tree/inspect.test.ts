// XState's inspection of a running tree: from the stream alone an observer knows who lives and in what state, whenever it came, whatever
// becomes of the tree, and whatever another observer does.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Actor, createActor, createMachine, fromCallback, fromPromise, sendTo, setup, spawnChild } from 'xstate'
import {
  actor,
  type Context,
  createSystem,
  dynamicSupervisor,
  type InspectionEvent,
  type Service,
  type System,
  service,
  supervisor,
} from '../../src/index.js'
import { lifecycleChart } from '../../src/inspect.js'
import { scenarios } from '../../src/testing/arbitraries.js'
import { stageFor } from '../../src/testing/scenario.js'
import { ByChance } from '../../src/testing/schedule.js'
import { seeded } from '../../src/testing/seeded.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { livingIn, RebuiltTree } from '../support/rebuilt-tree.js'
import { leaf, Stage } from './harness.js'

type Watchable = Pick<System, 'inspect'>

const boom = new Error('boom')
const MANY = { max: 10, within: '1s' } as const

/** A tree of every kind of service, with the contexts of those who live. */
class Shop {
  readonly contexts = new Map<string, Context>()
  readonly db = service('db', { start: (ctx) => void this.contexts.set('db', ctx), stop: () => {} })
  readonly stubborn = service('stubborn', { start: () => {}, stop: () => new Promise(() => {}), shutdown: 100 })
  readonly cart = actor('cart', { logic: cartMachine })
  readonly sessions = dynamicSupervisor('sessions', {
    child: (id: string) => actor('session', { logic: sessionMachine, input: id, restart: 'transient' } as never),
  })
  readonly web = supervisor('web', { intensity: MANY, children: [this.cart, this.sessions] })
  readonly tree = supervisor('shop', { intensity: MANY, children: [this.db, this.stubborn, this.web] })
}

const bell = fromCallback(() => {})
const light = createMachine({
  id: 'light',
  initial: 'red',
  states: { red: { on: { GO: 'green' } }, green: { on: { BREAK: { actions: () => thrown() } } } },
})
const cartMachine = setup({ actors: { bell, light } }).createMachine({
  id: 'cart',
  initial: 'empty',
  entry: spawnChild('light', { id: 'light' }),
  on: {
    GO: { actions: sendTo('light', { type: 'GO' }) },
    BREAK: { actions: sendTo('light', { type: 'BREAK' }) },
    THROW: { actions: () => thrown() },
  },
  states: {
    empty: { on: { ADD: '.open', FILL: 'full' }, initial: 'shut', states: { shut: {}, open: {} } },
    full: { type: 'parallel', invoke: { src: 'bell', id: 'bell' }, states: { paid: {}, packed: {} } },
  },
})
const sessionMachine = createMachine({
  id: 'session',
  // Fails before it has ever run when it is made so.
  entry: ({ event }) => (event as { input?: string }).input === 'bad' && thrown(),
  initial: 'idle',
  states: { idle: { on: { END: 'over' } }, over: { type: 'final' } },
})

function thrown(): never {
  throw boom
}

function watched(system: Watchable): RebuiltTree {
  const rebuilt = new RebuiltTree()
  system.inspect((event) => rebuilt.hear(event))
  return rebuilt
}

describe('the stream', () => {
  test('holds the whole tree and every state, through crash, restart, kill and stop, for whoever listens from the first and whoever comes late', async () => {
    const shop = new Shop()
    const stage = new Stage(shop.tree)
    const { env, system } = stage
    const first = watched(system)
    const observers = [first]
    const agree = async (...users: string[]): Promise<void> => {
      await env.settle()
      observers.push(watched(system))
      for (const each of observers) {
        expect(each.living()).toEqual(livingIn(system, users))
        expect(each.oddities).toEqual([])
      }
    }
    await agree()
    const started = system.start()
    await agree(CART(1, '{"empty":"shut"}'), LIGHT(1, 'red'))
    await started
    const { handle } = system.ref(shop.cart)
    handle.send({ type: 'ADD' })
    handle.send({ type: 'GO' })
    await agree(CART(1, '{"empty":"open"}'), LIGHT(1, 'green'))
    handle.send({ type: 'FILL' })
    await agree(CART(1, '{"full":{"paid":{},"packed":{}}}'), LIGHT(1, 'green'), 'bell - in shop/web/cart#1.actor')

    const full = [CART(1, '{"full":{"paid":{},"packed":{}}}'), LIGHT(1, 'green'), 'bell - in shop/web/cart#1.actor']
    await system.ref(shop.sessions).handle.start('ada')
    const bob = await system.ref(shop.sessions).handle.start('bob')
    await agree(...full, SESSION(1), SESSION(2))
    bob.handle.send({ type: 'END' })
    await agree(...full, SESSION(1))

    await expect(system.ref(shop.sessions).handle.start('bad')).rejects.toThrow()
    await agree(...full, SESSION(1))

    // A child of the machine fails, so the machine fails, so the service does, so it is restarted.
    handle.send({ type: 'BREAK' })
    await env.run(50)
    await agree(CART(2, '{"empty":"shut"}'), LIGHT(2, 'red'), SESSION(1))
    handle.send({ type: 'THROW' })
    await env.run(50)
    await agree(CART(3, '{"empty":"shut"}'), LIGHT(3, 'red'), SESSION(1))

    shop.contexts.get('db')?.fail(boom)
    await env.settle()
    system.ref(shop.stubborn).kill()
    await agree(CART(3, '{"empty":"shut"}'), LIGHT(3, 'red'), SESSION(1))
    expect(first.living()).toContain('shop/stubborn#2 starting in shop#1')
    await env.run(50)
    await agree(CART(3, '{"empty":"shut"}'), LIGHT(3, 'red'), SESSION(1))
    expect(first.living()).toContain('shop/db#2 ready in shop#1')

    const stopping = system.stop({ deadline: '2s' })
    await env.advance(1)
    expect(first.living()).toContain('shop/stubborn#2 closing in shop#1')
    await agree()
    await env.run()
    await stopping
    await agree()
    expect(first.living()).toEqual([])
  })

  test('of any tree, under any script: at every moment of rest, for the first observer and for one that comes just then', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios(), fc.nat(), async (scenario, seed) => {
        let compared = 0
        const look = (): string | undefined => {
          const late = new RebuiltTree()
          stage.system.inspect((event) => late.hear(event))()
          compared += 1
          // What a killed supervisor has left behind still ends in order, while the next one stands in its place already.
          const ofAnyLife = (lines: readonly string[]): string =>
            JSON.stringify(lines.map((line) => line.replace(/( in [^#]+)#\d+$/, '$1')))
          const expected = ofAnyLife(livingIn(stage.system))
          const seen = [first, late].map((each) => ofAnyLife(each.living()))
          const odd = [...first.oddities, ...late.oddities]
          return seen.every((each) => each === expected) && odd.length === 0
            ? undefined
            : `${expected}\n${seen.join('\n')}\n${odd.join('\n')}`
        }
        const law = {
          id: 'L99' as const,
          says: 'an observer knows who lives',
          watch:
            () =>
            ({ type }: { readonly type: string }) =>
              type === 'rested' || type === 'over' ? look() : undefined,
        }
        const first = new RebuiltTree()
        const stage = stageFor(scenario, { laws: [law], schedule: new ByChance(seeded(seed)) })
        stage.system.inspect((event) => first.hear(event))
        await stage.run()
        expect(compared).toBeGreaterThan(0)
      }),
      { numRuns: 150 },
    )
  }, 60_000)

  test('holds all that XState tells: events with their senders, actions and microsteps', async () => {
    const { env, system } = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const lines: string[] = []
    system.inspect((event) => lines.push(`${nameIn(event)} ${lineOf(event)}`))
    void system.start()
    await env.settle()
    expect(lines).toEqual(
      [
        'shop#1 actor',
        'shop#1 event xstate.init',
        'shop#1 action start',
        'shop#1 snapshot starting',
        'shop/db#1 actor',
        'shop/db#1 event xstate.init',
        'shop/db#1 action start',
        'shop/db#1 snapshot starting',
        'shop/db#1 event started',
        'shop/db#1 microstep ready',
        'shop/db#1 action ackStarted',
        'shop/db#1 snapshot ready',
        'shop#1 event started',
        'shop#1 microstep ready',
        'shop#1 action ackStarted',
        'shop#1 snapshot ready',
      ].sort((a, b) => lines.indexOf(a) - lines.indexOf(b)),
    )
    const [event] = await oneOf(system, '@xstate.snapshot')
    expect((event?.actorRef as { sessionId: string } | undefined)?.sessionId).toBe(event?.rootId)
  })
})

const nameIn = ({ actorRef }: InspectionEvent): string => (actorRef as unknown as { readonly id: string }).id

function lineOf(event: InspectionEvent): string {
  const type = event.type.slice('@xstate.'.length)
  if (event.type === '@xstate.event') return `${type} ${event.event.type}`
  if (event.type === '@xstate.action') return `${type} ${event.action.type}`
  if (event.type === '@xstate.snapshot' || event.type === '@xstate.microstep')
    return `${type} ${String((event.snapshot as { value?: unknown }).value)}`
  return type
}

async function oneOf(system: Watchable, type: InspectionEvent['type']): Promise<InspectionEvent[]> {
  const events: InspectionEvent[] = []
  system.inspect((event) => events.push(event))()
  return events.filter((event) => event.type === type)
}

const CART = (number: number, state: string): string => `shop/web/cart#${number}.actor ${state} in shop/web/cart#${number}`
const LIGHT = (number: number, state: string): string => `light ${state} in shop/web/cart#${number}.actor`
const SESSION = (number: number): string => `shop/web/sessions/session@${number}#1.actor idle in shop/web/sessions/session@${number}#1`

describe('an observer', () => {
  test('that throws harms nobody, and is logged', async () => {
    const logged: unknown[] = []
    const error = (fields: object): void => void logged.push(fields)
    const env = new VirtualEnv({ log: () => ({ error }) as never })
    const system = createSystem(supervisor('shop', { children: [leaf('db')] }), { env })
    const before = watched(system)
    system.inspect(() => thrown())
    system.inspect({ next: () => thrown() })
    system.inspect({})
    const after = watched(system)
    const started = system.start()
    await env.settle()
    await started
    expect(before.living()).toEqual(livingIn(system))
    expect(after.living()).toEqual(livingIn(system))
    const stopping = system.stop()
    await env.settle()
    expect((await stopping).clean).toBe(true)
    expect(logged.length).toBeGreaterThan(10)
    expect(logged[0]).toMatchObject({ err: { message: 'boom' } })
  })

  test('that acts on what it hears is heard by the others after what it heard', async () => {
    const { env, system } = new Stage(supervisor('shop', { children: [leaf('db'), leaf('api')] }))
    const order: string[][] = [[], []]
    const note =
      (list: string[] | undefined) =>
      (event: InspectionEvent): void =>
        void list?.push(`${nameIn(event)} ${lineOf(event)}`)
    system.inspect(note(order[0]))
    let killed = false
    system.inspect((event) => {
      if (killed || nameIn(event) !== 'shop/api#1' || lineOf(event) !== 'snapshot ready') return
      killed = true
      system.ref('shop/db').kill()
    })
    system.inspect(note(order[1]))
    void system.start()
    await env.settle()
    expect(order[1]).toEqual(order[0])
    expect(order[0]).toContain('shop/db#1 event kill')
    expect(order[0]).toContain('shop/db#2 snapshot ready')
  })

  test('that comes while another is told knows all, too', async () => {
    const { env, system } = new Stage(new Shop().tree)
    const late: RebuiltTree[] = []
    system.inspect(() => late.push(watched(system)))
    void system.start()
    await env.settle()
    expect(late.length).toBeGreaterThan(20)
    for (const each of late) {
      expect(each.living()).toEqual(livingIn(system, [CART(1, '{"empty":"shut"}'), LIGHT(1, 'red')]))
      expect(each.oddities).toEqual([])
    }
  })

  test('hears nothing more once it has gone; with the last, nobody is watched', async () => {
    const { env, system } = await new Stage(supervisor('shop', { children: [leaf('db')] })).start()
    const { tap, open } = countObservers(system)
    let heard = 0
    const other = system.inspect(() => {})
    const dispose = system.inspect(() => {
      heard += 1
    })
    dispose()
    dispose()
    const before = heard
    expect([tap.active, open()]).toEqual([true, 1])
    other()
    expect([tap.active, open()]).toEqual([false, 0])
    void system.stop()
    await env.settle()
    expect(heard).toBe(before)
    const ended = watched(system)
    expect(ended.living()).toEqual([])
  })

  test('that goes before the start leaves nothing behind', async () => {
    const { env, system } = new Stage(supervisor('shop', { children: [leaf('db')] }))
    const dispose = system.inspect(() => thrown())
    dispose()
    void system.start()
    await env.settle()
    expect(countObservers(system).tap.active).toBe(false)
  })

  test('is not kept waiting for actors that never start', async () => {
    const flash = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { invoke: { src: bell }, always: 'a' } } })
    const lamp = actor('lamp', { logic: flash })
    const { env, system } = await new Stage(supervisor('shop', { children: [lamp] })).start()
    const first = watched(system)
    for (let count = 0; count < 350; count += 1) {
      system.ref(lamp).handle.send({ type: 'GO' } as never)
      await env.settle()
    }
    const announced: string[] = []
    system.inspect((event) => void (event.type === '@xstate.actor' && announced.push(event.type)))()
    expect(announced.length).toBeLessThan(110)
    expect(first.living()).toEqual(livingIn(system, ['shop/lamp#1.actor a in shop/lamp#1']))
  })
})

interface Root {
  readonly logic: { readonly tap: { readonly active: boolean } }
  readonly system: { inspect(observer: object): { unsubscribe(): void } }
}

/** Counts the observers of its own that XState has from now on. */
function countObservers(system: Watchable): { readonly tap: { readonly active: boolean }; readonly open: () => number } {
  const events: InspectionEvent[] = []
  system.inspect((event) => events.push(event))()
  const root = events[0]?.actorRef as unknown as Root
  const inspect = root.system.inspect.bind(root.system)
  let open = 0
  root.system.inspect = (observer) => {
    const subscription = inspect(observer)
    open += 1
    return {
      unsubscribe: () => {
        open -= 1
        subscription.unsubscribe()
      },
    }
  }
  return { tap: root.logic.tap, open: () => open }
}

describe('of XState alone the document says', () => {
  const lamp = createMachine({
    initial: 'off',
    states: { off: { on: { GO: 'on' } }, on: { on: { GO: 'off', FAIL: { actions: () => thrown() } } } },
  })
  const start = (): Actor<typeof lamp> => {
    const made = createActor(lamp)
    made.subscribe({ error: () => {} })
    return made.start()
  }

  test('that one observer that throws leaves the actor stuck', () => {
    const made = start()
    made.system.inspect((event: InspectionEvent) => event.type === '@xstate.snapshot' && thrown())
    expect(() => made.send({ type: 'GO' })).toThrow(boom)
    made.send({ type: 'GO' })
    expect(made.getSnapshot().value).toBe('on')
  })

  test('that a late one hears only of what happens from then on', () => {
    const made = start()
    const types: string[] = []
    made.system.inspect((event: InspectionEvent) => types.push(event.type))
    expect(types).toEqual([])
  })

  test('that others hear of what one causes before they hear of what caused it', () => {
    const made = start()
    const other = createActor(lamp, { parent: made, id: 'other' })
    other.start()
    const heard: string[] = []
    made.system.inspect(
      (event: InspectionEvent) => event.type === '@xstate.snapshot' && nameIn(event) !== 'other' && other.send({ type: 'GO' }),
    )
    made.system.inspect((event: InspectionEvent) => event.type === '@xstate.snapshot' && heard.push(nameIn(event)))
    made.send({ type: 'GO' })
    expect(heard).toEqual(['other', made.id])
  })

  test('that of one that fails there is no snapshot with the error', () => {
    const made = start()
    made.send({ type: 'GO' })
    const statuses: string[] = []
    made.system.inspect((event: InspectionEvent) => event.type === '@xstate.snapshot' && statuses.push(event.snapshot.status))
    made.send({ type: 'FAIL' })
    expect(made.getSnapshot().status).toBe('error')
    expect(statuses).toEqual([])
    const early = createActor(createMachine({ entry: () => thrown() }), {
      inspect: (event) => event.type === '@xstate.snapshot' && statuses.push(event.snapshot.status),
    })
    early.subscribe({ error: () => {} })
    early.start()
    expect(early.getSnapshot().status).toBe('error')
    expect(statuses).toEqual(['active'])
  })
})

describe('the chart of a service', () => {
  test('is that of its machine, lazily, also of one of many', async () => {
    const shop = new Shop()
    const { system, env } = await new Stage(shop.tree).start()
    expect(system.chart('shop/web/cart')?.nodes.map(({ key }) => key)).toEqual(['cart', 'empty', 'shut', 'open', 'full', 'paid', 'packed'])
    expect(system.chart('shop/web/cart')).toBe(system.chart('shop/web/cart'))
    const starting = system.ref(shop.sessions).handle.start('ada')
    await env.settle()
    const { address } = await starting
    expect(system.chart(address)?.id).toBe('session')
    expect(lifecycleChart.id).toBe('service')
  })

  test('is not there for one that is no machine, nor for nobody', () => {
    const job = actor('job', { logic: fromPromise(async () => 1) })
    const { system } = new Stage(supervisor('shop', { children: [leaf('db'), job] }) as Service)
    expect(['shop', 'shop/db', 'shop/job', 'shop/nobody'].map((address) => system.chart(address))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
