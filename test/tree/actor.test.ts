// Actors in a tree: one handle for all incarnations, asking, restarts, and messages between machines.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { assign, createMachine, fromCallback, fromPromise, fromTransition, setup } from 'xstate'
import {
  type ActorHandle,
  actor,
  createSystem,
  dynamicSupervisor,
  type Reply,
  type Service,
  SpecError,
  type StrategyName,
  service,
  supervisor,
} from '../../src/index.js'
import { pending, Stage } from './harness.js'

type Events =
  | { type: 'add'; count: number }
  | { type: 'total'; reply: Reply<number> }
  | { type: 'later'; reply: Reply<number> }
  | { type: 'answer' }
  | { type: 'refuse'; reply: Reply<never> }
  | { type: 'last'; reply: Reply<string> }
  | { type: 'fail' }
  | { type: 'close' }

const boom = new Error('boom')
const machine = setup({
  types: { context: {} as { total: number; open: Reply<number>[] }, events: {} as Events, input: {} as { total: number } },
  actions: {
    fail: () => {
      throw boom
    },
  },
}).createMachine({
  context: ({ input }) => ({ ...input, open: [] }),
  initial: 'open',
  states: {
    open: {
      tags: 'ready',
      on: {
        add: { actions: assign({ total: ({ context, event }) => context.total + event.count }) },
        total: { actions: ({ context, event }) => event.reply(context.total) },
        later: { actions: assign({ open: ({ context, event }) => [...context.open, event.reply] }) },
        answer: { actions: ({ context }) => context.open.forEach((reply, index) => void reply(index)) },
        refuse: { actions: ({ event }) => event.reply.reject(boom) },
        last: { target: 'closed', actions: ({ event }) => event.reply('bye') },
        fail: { actions: 'fail' },
        close: 'closed',
      },
    },
    closed: { type: 'final' },
  },
})
const input = { total: 0 }
const cart = actor('cart', { logic: machine, input })
const patient = actor('cart', { logic: machine, input, stopEvent: { type: 'close' } })

const stageOf = (...children: Service[]): Promise<Stage<Service>> => new Stage(supervisor('shop', { children }) as Service).start()
const stages: Stage<Service>[] = []
const warned = vi.spyOn(console, 'warn')
beforeEach(() => {
  stages.length = 0
  warned.mockClear()
})
afterEach(async () => {
  for (const { system, env } of stages) {
    void system.stop()
    await env.run()
    expect(env.pending()).toBe(0)
  }
  expect(warned).not.toHaveBeenCalled()
})

async function open(definition: typeof cart = cart): Promise<{ stage: Stage<Service>; handle: ActorHandle<typeof machine> }> {
  const stage = await stageOf(definition)
  stages.push(stage)
  return { stage, handle: stage.system.ref(definition).handle }
}

/** What became of a promise. */
async function fateOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.catch((error: unknown) => error)
}

describe('the handle', () => {
  test('sends, asks, and shows the snapshot', async () => {
    const { stage, handle } = await open()
    expect(handle.send({ type: 'add', count: 3 })).toBe(true)
    expect(await handle.ask({ type: 'total' })).toBe(3)
    expect(handle.snapshot().value).toBe('open')
    expect(handle.snapshot().context.total).toBe(3)
    expect(Object.keys(handle)).toEqual([])
    await stage.env.settle()
  })

  test('is the same after a restart, and the machine a fresh one', async () => {
    const { stage, handle } = await open()
    handle.send({ type: 'add', count: 3 })
    handle.send({ type: 'fail' })
    await stage.env.settle()
    expect(stage.news()).toEqual([
      'stopped shop/cart#1 crash failed',
      'report child_terminated shop/cart crash',
      'starting shop/cart#2',
      'started shop/cart#2',
    ])
    expect(stage.system.ref(cart).handle).toBe(handle)
    expect(await handle.ask({ type: 'total' })).toBe(0)
  })

  test('belongs to one place', async () => {
    const first = await open()
    const second = await open()
    expect(first.handle).not.toBe(second.handle)
    first.handle.send({ type: 'add', count: 3 })
    expect([await first.handle.ask({ type: 'total' }), await second.handle.ask({ type: 'total' })]).toEqual([3, 0])
  })

  test('survives a restart of the supervisor', async () => {
    const web = supervisor('web', { intensity: { max: 0, within: 1_000 }, children: [cart] })
    const stage = await stageOf(web)
    stages.push(stage)
    const { handle } = stage.system.ref(cart)
    handle.send({ type: 'fail' })
    await stage.env.settle()
    expect(stage.system.ref(cart).incarnation).toBe(2)
    expect([stage.system.ref(cart).handle === handle, await handle.ask({ type: 'total' })]).toEqual([true, 0])
  })

  test('refuses what nobody is there to take', async () => {
    const slow = actor('slow', {
      logic: createMachine({
        initial: 'a',
        states: {
          a: { after: { 10: 'b' } },
          b: {
            tags: 'ready',
            on: {
              fail: {
                actions: () => {
                  throw boom
                },
              },
              bye: 'c',
            },
          },
          c: { after: { 10: 'd' } },
          d: { type: 'final' },
        },
      }),
      stopEvent: { type: 'bye' },
    })
    const stage = new Stage(supervisor('shop', { children: [slow] }) as Service)
    stages.push(stage)
    void stage.system.start()
    await stage.env.advance(10)
    const { handle } = stage.system.ref(slow)
    expect(handle.send({ type: 'fail' })).toBe(true)
    await stage.env.settle()
    expect([stage.system.ref(slow).status, handle.send({ type: 'bye' })]).toEqual(['starting', false])
    await stage.env.advance(10)
    const stopping = stage.system.stop()
    expect([stage.system.ref(slow).status, handle.send({ type: 'bye' })]).toEqual(['draining', false])
    await stage.env.advance(10)
    await stopping
    expect([stage.system.ref(slow).status, handle.send({ type: 'bye' }), handle.snapshot().value]).toEqual(['stopped', false, 'd'])
  })

  test("takes no event of XState's own, and none that is none", async () => {
    const { handle } = await open()
    const send = handle.send as (event: unknown) => boolean
    for (const event of [{ type: 'xstate.stop' }, { type: 1 }, 'add', null]) expect(() => send.call(handle, event)).toThrow(TypeError)
    await expect((handle.ask as (event: unknown) => Promise<unknown>).call(handle, 'total')).rejects.toThrow(TypeError)
  })
})

describe('an ask', () => {
  test('is rejected when the actor refuses it', async () => {
    const { handle } = await open()
    await expect(handle.ask({ type: 'refuse' })).rejects.toBe(boom)
  })

  test('is refused at once by one that is not ready, draining or ended', async () => {
    const { stage, handle } = await open(patient)
    const waiting = handle.ask({ type: 'later' }, { timeout: 300 })
    const fate = fateOf(waiting)
    const stopping = stage.system.stop()
    await expect(handle.ask({ type: 'total' })).rejects.toMatchObject({ code: 'ERR_DRAINING', address: 'shop/cart' })
    await stage.env.run()
    await stopping
    await expect(handle.ask({ type: 'total' })).rejects.toMatchObject({ code: 'ERR_NOT_READY', status: 'stopped' })
    expect(await fate).toMatchObject({ code: 'ERR_TARGET_EXITED', cause: 'shutdown' })
  })

  test('is rejected at its deadline, and the late reply dropped', async () => {
    const { stage, handle } = await open()
    const fate = fateOf(handle.ask({ type: 'later' }, { timeout: '1s' }))
    await stage.env.advance(999)
    expect(await Promise.race([fate, 'open'])).toBe('open')
    await stage.env.advance(1)
    expect(await fate).toMatchObject({ code: 'ERR_ASK_TIMEOUT', timeoutMs: 1_000 })
    handle.send({ type: 'answer' })
    handle.send({ type: 'answer' })
    expect(await handle.ask({ type: 'total' })).toBe(0)
  })

  test('is rejected when it is aborted', async () => {
    const { handle } = await open()
    const abort = new AbortController()
    const fate = fateOf(handle.ask({ type: 'later' }, { signal: abort.signal }))
    abort.abort(boom)
    expect(await fate).toBe(boom)
    await expect(handle.ask({ type: 'later' }, { signal: abort.signal })).rejects.toBe(boom)
    await expect(handle.ask({ type: 'later' }, { timeout: 'soon' as '1s' })).rejects.toThrow(TypeError)
  })

  test('is rejected when its target ends, with the exit', async () => {
    const { stage, handle } = await open()
    const fate = fateOf(handle.ask({ type: 'later' }))
    handle.send({ type: 'fail' })
    expect(await fate).toMatchObject({ code: 'ERR_TARGET_EXITED', cause: boom })
    const ended = fateOf(handle.ask({ type: 'later' }))
    handle.send({ type: 'close' })
    expect(await ended).toMatchObject({ code: 'ERR_TARGET_EXITED', cause: 'normal' })
    await stage.env.settle()
  })

  test('is answered although the answer is the last thing that its target does', async () => {
    const { handle } = await open()
    expect(await handle.ask({ type: 'last' })).toBe('bye')
  })

  test('is work in flight until it is answered: the stop waits for it', async () => {
    const machineThatWaits = createMachine({
      types: { events: {} as { type: 'slow'; reply: Reply<string> } },
      on: { slow: { actions: ({ event }) => void replies.push(event.reply) } },
    })
    const replies: Reply<string>[] = []
    const slow = actor('slow', { logic: machineThatWaits })
    const stage = await stageOf(slow)
    stages.push(stage)
    const answer = stage.system.ref(slow).handle.ask({ type: 'slow' })
    await stage.env.settle()
    const stopping = stage.system.stop()
    await stage.env.advance(2_000)
    expect(stage.system.ref(slow).status).toBe('draining')
    replies[0]?.('done')
    replies[0]?.reject(boom)
    expect(await answer).toBe('done')
    const report = await stopping
    expect([report.clean, report.services.find(({ address }) => address === 'shop/slow')?.inFlight]).toEqual([true, 1])
  })

  test('no longer holds up a stop once the asker has given up', async () => {
    const { stage, handle } = await open()
    const fate = fateOf(handle.ask({ type: 'later' }, { timeout: 100 }))
    const stopping = stage.system.stop()
    await stage.env.advance(100)
    expect((await stopping).clean).toBe(true)
    expect(await fate).toMatchObject({ code: 'ERR_ASK_TIMEOUT' })
  })
})

describe('in a tree', () => {
  test.each<StrategyName>(['dependents', 'one-for-one', 'one-for-all', 'rest-for-one'])('it is restarted under %s', async (strategy) => {
    const other = actor('other', { logic: machine, input: { total: 5 } })
    const stage = new Stage(supervisor('shop', { strategy, children: [cart, other] }) as Service)
    await stage.start()
    stages.push(stage)
    const { handle } = stage.system.ref(cart)
    handle.send({ type: 'fail' })
    await stage.env.settle()
    const restarted = strategy === 'one-for-all' || strategy === 'rest-for-one' ? 2 : 1
    expect([stage.system.ref(cart).incarnation, stage.system.ref(other).incarnation]).toEqual([2, restarted])
    expect(await stage.system.ref(other).handle.ask({ type: 'total' })).toBe(5)
  })

  test('its handle is given to those that use it', async () => {
    const user = service('user', { uses: { cart }, start: ({ uses }) => uses.cart })
    const stage = await stageOf(cart, user)
    stages.push(stage)
    expect(stage.system.ref(user).handle).toBe(stage.system.ref(cart).handle)
  })

  test('as a dynamic child each has its own handle, kept over a restart', async () => {
    const carts = dynamicSupervisor('carts', { child: (total: number) => actor('cart', { logic: machine, input: { total } }) })
    const stage = await stageOf(carts)
    stages.push(stage)
    const starting = [1, 2].map((total) => stage.system.ref(carts).handle.start(total))
    await stage.env.settle()
    const [one, two] = (await Promise.all(starting)).map((ref) => ref.handle)
    one?.send({ type: 'add', count: 10 })
    one?.send({ type: 'fail' })
    await stage.env.settle()
    expect([await one?.ask({ type: 'total' }), await two?.ask({ type: 'total' })]).toEqual([1, 2])
  })

  test('a promise is a transient task', async () => {
    const work = pending<number>()
    const task = actor('task', { logic: fromPromise(() => work.promise), restart: 'transient' })
    const stage = await stageOf(task)
    stages.push(stage)
    work.resolve(3)
    await stage.env.settle()
    expect([stage.system.ref(task).status, stage.news()]).toEqual(['stopped', ['stopped shop/task#1 normal acked']])
  })

  test('what is wrong with a spec is reported with the tree', () => {
    const wrong = actor('wrong', { logic: 1, stopEvent: 'bye', isReady: true, isStopped: 'now' } as never)
    expect(() => createSystem(supervisor('shop', { children: [wrong] }))).toThrow(SpecError)
    try {
      createSystem(supervisor('shop', { children: [wrong] }))
    } catch (error) {
      expect((error as SpecError).problems.map((problem) => /`(\w+)`/.exec(problem)?.[1])).toEqual([
        'logic',
        'stopEvent',
        'isReady',
        'isStopped',
      ])
    }
  })

  test('its ids carry the incarnation', async () => {
    const ids: string[] = []
    const named = actor('named', {
      logic: fromCallback<{ type: 'fail' }>(({ self, receive }) => {
        ids.push(self.id)
        receive(() => {
          throw boom
        })
      }),
    })
    const stage = await stageOf(named)
    stages.push(stage)
    stage.system.ref(named).handle.send({ type: 'fail' })
    await stage.env.settle()
    expect(ids).toEqual(['shop/named#1.actor', 'shop/named#2.actor'])
  })
})

type Token = { type: 'token'; hops: number }

describe('messages between machines', () => {
  test('go through a chain of 1 000 without growing the stack', async () => {
    const length = 1_000
    const handles: ActorHandle<ReturnType<typeof link>>[] = []
    const reached: number[] = []
    const link = (index: number) =>
      fromTransition((state: number, event: Token) => {
        const next = handles[index + 1]
        if (next === undefined) reached.push(event.hops)
        else next.send({ type: 'token', hops: event.hops + 1 })
        return state + 1
      }, 0)
    const links = Array.from({ length }, (_, index) => actor(`link-${index}`, { logic: link(index) }))
    const stage = await stageOf(...links)
    stages.push(stage)
    for (const each of links) handles.push(stage.system.ref(each).handle)
    handles[0]?.send({ type: 'token', hops: 1 })
    await stage.env.settle()
    expect(reached).toEqual([length])
  })

  test('that answer each other without end starve no timer', async () => {
    const handles: ActorHandle<ReturnType<typeof player>>[] = []
    let count = 0
    const player = (other: number) =>
      fromTransition((state: number, event: Token) => {
        count += 1
        // Bounded, so that a failure of this test is a failure and not a hang.
        if (count < 3_000_000) handles[other]?.send({ type: 'token', hops: event.hops + 1 })
        return state
      }, 0)
    const players = [actor('ping', { logic: player(1) }), actor('pong', { logic: player(0) })]
    const system = createSystem(supervisor('table', { children: players }))
    await system.start()
    for (const each of players) handles.push(system.ref(each).handle)
    const timer = new Promise<void>((resolve) => setTimeout(resolve, 1))
    handles[0]?.send({ type: 'token', hops: 0 })
    await timer
    expect(count).toBeLessThan(3_000_000)
    await system.stop()
    const last = count
    await new Promise((resolve) => setImmediate(resolve))
    expect(count).toBe(last)
  })
})
