// One user's actor on the bench: when it counts as started, how it ends, what is left of it, for every kind of XState logic.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type AnyActorRef,
  type AnyEventObject,
  assign,
  createMachine,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  sendParent,
  setup,
  spawnChild,
} from 'xstate'
import { type ActorWish, planOf } from '../../src/kernel/actor-plan.js'
import type { Incarnation } from '../../src/kernel/incarnation.js'
import { UserActor } from '../../src/kernel/user-actor.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { deferred, never, Rig, type RigOptions } from './rig.js'

const boom = new Error('boom')
const fail = (): never => {
  throw boom
}

/** An actor on the bench, with all actors of its system. */
class Bench {
  readonly rig: Rig
  readonly family: AnyActorRef[] = []
  latest: UserActor | undefined

  constructor(wish: ActorWish, options: RigOptions = {}, env = new VirtualEnv()) {
    this.rig = new Rig(
      {
        start: (ctx) => {
          this.latest = new UserActor(ctx, planOf(wish))
          return this.latest.start()
        },
        drain: () => this.actor.drain(),
        stop: () => this.actor.stop(),
      },
      options,
      env,
    )
    this.rig.incarnation.actor.system.inspect((event) => {
      if (event.type === '@xstate.actor') this.family.push(event.actorRef as AnyActorRef)
    })
    benches.push(this)
  }

  get actor(): UserActor {
    return this.latest as UserActor
  }

  async begin(): Promise<this> {
    this.rig.begin()
    await this.rig.env.settle()
    return this
  }

  async stop(withinMs?: number): Promise<this> {
    this.rig.stop(withinMs)
    await this.rig.env.settle()
    return this
  }

  send(event: AnyEventObject): boolean {
    return this.actor.post(event)
  }

  async post(event: AnyEventObject): Promise<void> {
    this.send(event)
    await this.rig.env.settle()
  }

  /** The ids of those that run. */
  get running(): string[] {
    const runs = (actor: AnyActorRef): boolean => (actor as unknown as { _processingStatus: number })._processingStatus === 1
    return this.family.filter(runs).map(({ id }) => id)
  }
}

let benches: Bench[] = []
const warned = vi.spyOn(console, 'warn')
beforeEach(() => {
  benches = []
  warned.mockClear()
})
afterEach(() => {
  for (const { rig, running } of benches) {
    if (rig.stopped === undefined) continue
    expect(running, 'no actor is left').toEqual([])
    expect(rig.env.pending(), 'no timer is left').toBe(0)
  }
  expect(warned, 'XState warns of nothing').not.toHaveBeenCalled()
})

const begun = (wish: ActorWish, options?: RigOptions): Promise<Bench> => new Bench(wish, options).begin()

const idle = createMachine({ initial: 'idle', states: { idle: {} } })
const warming = createMachine({
  initial: 'cold',
  states: { cold: { on: { warm: 'heated' } }, heated: { initial: 'on', states: { on: { tags: 'ready' } } } },
})
const timed = createMachine({
  initial: 'a',
  states: { a: { after: { 50: 'b' } }, b: { tags: 'ready', after: { 50: 'c' } }, c: { type: 'final' } },
})

describe('it has started', () => {
  test('as soon as it runs, in the same turn', () => {
    const { rig } = new Bench({ logic: idle })
    rig.begin()
    expect(rig.told).toEqual(['started'])
  })

  test('when the snapshot has the tag `ready`, if the machine declares it anywhere', async () => {
    const { rig } = await begun({ logic: timed })
    expect([rig.status, rig.env.pending('keep-alive')]).toEqual(['starting', 1])
    await rig.env.advance(49)
    expect(rig.status).toBe('starting')
    await rig.env.advance(1)
    expect(rig.status).toBe('ready')
  })

  test('a tag deep below counts, the name of a state does not', async () => {
    const waiting = await begun({ logic: warming })
    expect(waiting.rig.status).toBe('starting')
    const named = createMachine({ initial: 'starting', states: { starting: {}, ready: {}, stopped: {} } })
    expect((await begun({ logic: named })).rig.status).toBe('ready')
  })

  test('when isReady says so, whatever the tags', async () => {
    const { rig } = await begun({ logic: timed, isReady: (snapshot) => snapshot.matches('a') })
    expect(rig.status).toBe('ready')
    const waiting = await begun({ logic: timed, isReady: () => false })
    await waiting.rig.env.advance(60)
    expect(waiting.rig.status).toBe('starting')
  })

  test('with its input', async () => {
    const logic = fromTransition(
      (state: string) => state,
      ({ input }: { input: string }) => input,
    )
    expect((await begun({ logic, input: 'seed' })).actor.snapshot.context).toBe('seed')
  })

  test('not before its start timeout', async () => {
    const { rig } = await begun({ logic: warming }, { startTimeout: 100 })
    await rig.env.advance(100)
    expect(rig.cause).toMatchObject({ code: 'ERR_START_TIMEOUT' })
  })
})

describe('done is a normal end', () => {
  test('of a machine', async () => {
    const { rig } = await begun({ logic: timed })
    await rig.env.advance(100)
    expect([rig.told, rig.exit]).toEqual([['started', 'draining', 'stopped'], 'normal'])
  })

  test('also before it was ready: started, then ended', async () => {
    const { rig } = await begun({ logic: timed, isReady: () => false })
    await rig.env.advance(100)
    expect([rig.told, rig.exit]).toEqual([['started', 'draining', 'stopped'], 'normal'])
  })

  test('of one that is done from the beginning', async () => {
    const over = createMachine({ initial: 'over', states: { over: { type: 'final' } } })
    const { rig } = await begun({ logic: over, isReady: fail })
    expect([rig.told, rig.exit]).toEqual([['started', 'draining', 'stopped'], 'normal'])
  })

  test('of a promise and of an observable', async () => {
    const answer = deferred<number>()
    const promised = await begun({ logic: fromPromise(() => answer.promise) })
    expect(promised.rig.status).toBe('ready')
    answer.resolve(7)
    await promised.rig.env.settle()
    expect([promised.rig.exit, promised.actor.snapshot.output]).toEqual(['normal', 7])

    let complete = (): void => {}
    const logic = fromObservable(
      () =>
        ({
          subscribe: (observer: { complete?: () => void }) => {
            complete = () => observer.complete?.()
            return { unsubscribe: () => {} }
          },
        }) as never,
    )
    const observed = await begun({ logic })
    complete()
    expect(observed.rig.exit).toBe('normal')
  })
})

const go = { type: 'go' }
const failing: Record<string, ActorWish['logic']> = {
  'an action': createMachine({ on: { go: { actions: fail } } }),
  'a guard': createMachine({ on: { go: { guard: fail, actions: () => {} } } }),
  'an assign': createMachine({ context: { n: 0 }, on: { go: { actions: assign({ n: fail }) } } }),
  'an entry': createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { entry: fail } } }),
  'an invoked promise': createMachine({
    initial: 'a',
    states: { a: { on: { go: 'b' } }, b: { invoke: { src: fromPromise(() => Promise.reject(boom)) } } },
  }),
  'an invoked callback': createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { invoke: { src: fromCallback(fail) } } } }),
  'a delayed action': createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { after: { 10: { actions: fail } } } } }),
  'a transition': fromTransition((state: number, event) => (event.type === 'go' ? fail() : state), 0),
  'a callback': fromCallback(({ receive }) => receive(fail)),
}
const failingAtOnce: Record<string, ActorWish['logic']> = {
  'an initial action': createMachine({ entry: fail }),
  'a context': createMachine({ context: fail }),
  'a callback': fromCallback(fail),
  'a promise': fromPromise(() => Promise.reject(boom)),
  'an observable': fromObservable(
    () => ({ subscribe: (observer: { error: (error: unknown) => void }) => observer.error(boom) ?? { unsubscribe: () => {} } }) as never,
  ),
  'an invoked one': createMachine({ invoke: { src: fromCallback(fail) } }),
}

describe('an error is a crash with that error', () => {
  test.each(Object.entries(failing))('of %s', async (name, logic) => {
    const bench = await begun({ logic })
    await bench.post(go)
    await bench.rig.env.advance(10)
    expect([bench.rig.told, bench.rig.exit]).toEqual([['started', 'draining', 'stopped'], 'crash'])
    // XState words the error of a guard anew.
    if (name === 'a guard') expect(bench.rig.cause).toMatchObject({ message: expect.stringContaining('boom') })
    else expect(bench.rig.cause).toBe(boom)
    expect(bench.rig.stopped?.unstarted).toBeUndefined()
    expect(bench.rig.ending?.errors).toEqual([])
  })

  test.each(Object.entries(failingAtOnce))('and before it was ready a failed start: %s', async (_name, logic) => {
    const { rig } = await begun({ logic, isReady: () => false })
    expect([rig.told, rig.stopped?.unstarted]).toEqual([['stopped'], { how: 'failed', error: boom }])
  })

  test('later in the start too', async () => {
    const logic = createMachine({ initial: 'a', states: { a: { after: { 10: { actions: fail } } }, b: { tags: 'ready' } } })
    const { rig } = await begun({ logic })
    await rig.env.advance(10)
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
  })

  test('of isReady: a failed start, and the actor is stopped', async () => {
    const { rig } = await begun({ logic: timed, isReady: fail })
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
    const later = await begun({ logic: timed, isReady: (snapshot) => snapshot.matches('b') && fail() })
    await later.rig.env.advance(50)
    expect(later.rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
  })

  test('of isStopped, and of a guard that the stop event meets', async () => {
    const logic = createMachine({ on: { bye: { actions: () => {} } } })
    const asked = await begun({ logic, stopEvent: { type: 'bye' }, isStopped: fail })
    await asked.stop()
    expect([asked.rig.exit, asked.rig.cause]).toEqual(['crash', boom])
    const guarded = await begun({ logic: createMachine({ on: { bye: { guard: fail, actions: () => {} } } }), stopEvent: { type: 'bye' } })
    await guarded.stop()
    expect([guarded.rig.exit, String(guarded.rig.cause)]).toEqual(['crash', expect.stringContaining('boom')])
  })

  test('of whatever was thrown, even nothing', async () => {
    const throwNothing = (): void => {
      throw undefined
    }
    const bench = await begun({ logic: createMachine({ on: { go: { actions: throwNothing } } }) })
    await bench.post(go)
    expect(bench.rig.stopped?.exit).toEqual({ reason: 'crash', cause: undefined })
    const first = await begun({ logic: createMachine({ entry: throwNothing }) })
    expect(first.rig.stopped?.unstarted).toEqual({ how: 'failed', error: undefined })
  })
})

describe('an error leaves nothing running', () => {
  const ticking = createMachine({ initial: 'a', states: { a: { after: { 10: { target: 'a', reenter: true } } } } })

  test('of its children: their cleanups run, their timers and signals end', async () => {
    const ends: string[] = []
    const abortable = fromPromise(({ signal }) => {
      signal.addEventListener('abort', () => void ends.push('promise'))
      return never()
    })
    const logic = createMachine({
      invoke: [
        { id: 'callback', src: fromCallback(() => () => void ends.push('callback')) },
        { id: 'promise', src: abortable },
        { id: 'machine', src: ticking },
      ],
      on: { go: { actions: fail } },
    })
    const bench = await begun({ logic })
    expect(bench.running.length).toBe(4)
    await bench.post(go)
    expect(bench.rig.exit).toBe('crash')
    expect(ends).toEqual(['callback', 'promise'])
  })

  test('of the children of a child, although its parent goes on', async () => {
    const child = createMachine({ invoke: { id: 'grandchild', src: ticking }, on: { go: { actions: fail } } })
    const logic = createMachine({
      initial: 'a',
      states: {
        a: {
          invoke: { id: 'child', src: child, onError: 'b' },
          on: { go: { actions: ({ self }) => void (self.getSnapshot().children['child'] as AnyActorRef).send(go) } },
        },
        b: {},
      },
    })
    const bench = await begun({ logic })
    await bench.post(go)
    expect(bench.rig.status).toBe('ready')
    expect(bench.running).toEqual(['shop/it#1.actor'])
    expect(bench.rig.env.pending()).toBe(0)
    await bench.stop()
  })

  test('of what began before an initial action failed', async () => {
    const logic = createMachine({ entry: [], invoke: { id: 'machine', src: ticking }, initial: 'a', states: { a: { entry: fail } } })
    const { rig } = await begun({ logic })
    expect(rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
  })

  test('three levels down', async () => {
    const failing = createMachine({ invoke: { src: ticking }, initial: 'a', states: { a: { after: { 5: { actions: fail } } } } })
    const child = createMachine({ invoke: { src: failing, onError: {} } })
    const bench = await begun({ logic: createMachine({ invoke: { id: 'child', src: child } }) })
    await bench.rig.env.advance(5)
    expect([bench.rig.status, bench.running]).toEqual(['ready', ['shop/it#1.actor', 'child']])
    await bench.stop()
  })

  test('and no system id taken', async () => {
    const entry = [spawnChild(ticking, { systemId: 'ticker' }), fail]
    const first = await begun({ logic: createMachine({ entry }) })
    expect(first.rig.stopped?.unstarted).toEqual({ how: 'failed', error: boom })
    expect(first.rig.incarnation.actor.system.getAll()).toEqual({})
    const later = await begun({ logic: createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { entry } } }) })
    await later.post(go)
    expect(later.rig.cause).toBe(boom)
    expect(later.rig.incarnation.actor.system.getAll()).toEqual({})
  })
})

const closable = createMachine({
  initial: 'open',
  states: { open: { on: { bye: 'closing' } }, closing: { after: { 100: 'closed' } }, closed: { type: 'final' } },
})
const stopEvent = { type: 'bye' }

describe('a stop', () => {
  test('is at once without a stop event', async () => {
    const { rig } = await begun({ logic: closable })
    rig.stop()
    expect([rig.exit, rig.ending?.verdict]).toEqual(['shutdown', 'acked'])
  })

  test('sends the stop event and waits until the actor is done', async () => {
    const bench = await begun({ logic: closable, stopEvent })
    await bench.stop()
    await bench.rig.env.advance(99)
    expect(bench.rig.status).toBe('settling')
    await bench.rig.env.advance(1)
    expect([bench.rig.exit, bench.rig.ending?.verdict, bench.rig.ending?.settleMs]).toEqual(['shutdown', 'acked', 100])
  })

  test('or isStopped, or without it the tag `stopped`', async () => {
    const said = await begun({ logic: closable, stopEvent, isStopped: (snapshot) => snapshot.matches('closing') })
    await said.stop()
    expect([said.rig.exit, said.rig.ending?.verdict]).toEqual(['shutdown', 'acked'])
    const logic = createMachine({ initial: 'a', states: { a: { on: { bye: 'b' } }, b: { after: { 30: 'c' } }, c: { tags: 'stopped' } } })
    const tagged = await begun({ logic, stopEvent })
    await tagged.stop()
    expect(tagged.rig.status).toBe('settling')
    await tagged.rig.env.advance(30)
    expect([tagged.rig.exit, tagged.rig.env.now]).toEqual(['shutdown', 30])
  })

  test('does not take a state called stopped for it', async () => {
    const logic = createMachine({ initial: 'a', states: { a: { on: { bye: 'stopped' } }, stopped: {} } })
    const bench = await begun({ logic, stopEvent })
    await bench.stop()
    expect(bench.rig.status).toBe('settling')
    await bench.rig.env.run()
  })

  test('is at once when the machine cannot take the event', async () => {
    const { rig } = await begun({ logic: idle, stopEvent })
    rig.stop()
    expect([rig.exit, rig.ending?.verdict]).toEqual(['shutdown', 'acked'])
  })

  test('just sends it to logic that cannot say', async () => {
    const heard: string[] = []
    const logic = fromTransition((state: string, { type }: AnyEventObject) => {
      heard.push(type)
      return type === 'bye' ? 'gone' : state
    }, 'there')
    const { rig } = await begun({ logic, stopEvent, isStopped: ({ context }) => context === 'gone' })
    rig.stop()
    expect([rig.exit, heard]).toEqual(['shutdown', ['bye', 'xstate.stop']])
  })

  test('is by force when the time for settling is over', async () => {
    const logic = createMachine({ on: { bye: { actions: () => {} } }, invoke: { src: fromPromise(never) } })
    const bench = await begun({ logic, stopEvent })
    await bench.stop(1_000)
    await bench.rig.env.advance(499)
    expect(bench.rig.status).toBe('settling')
    await bench.rig.env.advance(1)
    expect([bench.rig.exit, bench.rig.ending?.verdict, bench.rig.ending?.forced]).toEqual(['shutdown', 'acked', true])
  })

  test('is by force in a hurry', async () => {
    const bench = await begun({ logic: closable, stopEvent })
    await bench.stop()
    bench.rig.stop(1_000, 500, true)
    await bench.rig.env.settle()
    expect(bench.rig.exit).toBe('shutdown')
  })

  test('during the start calls that off', async () => {
    const bench = await begun({ logic: warming, stopEvent })
    await bench.stop()
    expect([bench.rig.told, bench.rig.exit, bench.rig.ending?.errors]).toEqual([['draining', 'stopped'], 'shutdown', []])
  })

  test('comes after what was sent before it', async () => {
    const heard: string[] = []
    const logic = createMachine({ on: { '*': { actions: ({ event }) => void heard.push(event.type) } } })
    const bench = await begun({ logic, stopEvent, isStopped: () => true })
    bench.actor.post({ type: 'one' })
    bench.actor.post({ type: 'two' })
    bench.rig.stop()
    expect(bench.actor.post({ type: 'three' })).toBe(false)
    await bench.rig.env.settle()
    expect([heard, bench.rig.exit]).toEqual([['one', 'two', 'bye'], 'shutdown'])
  })

  test.each([
    { more: false, steps: ['closing'] },
    { more: true, steps: ['settling', 'next'] },
  ])('out of its own action ends it after that, more messages waiting: $more', async ({ more, steps }) => {
    let incarnation: Incarnation | undefined
    const stop = (): void => incarnation?.stop({ deadlineAt: 1_000, reserveMs: 100, hurried: false })
    const seen: string[] = []
    const logic = createMachine({
      invoke: { src: fromPromise(never) },
      on: {
        go: { actions: [stop, () => void seen.push(String(incarnation?.status))] },
        next: { actions: () => void seen.push('next') },
      },
    })
    const bench = await begun({ logic })
    incarnation = bench.rig.incarnation
    bench.actor.post(go)
    if (more) bench.actor.post({ type: 'next' })
    await bench.rig.env.settle()
    expect([seen, bench.rig.exit, bench.rig.ending?.verdict]).toEqual([steps, 'shutdown', 'acked'])
  })

  test('is not asked of one that failed before its turn came', async () => {
    const heard: string[] = []
    const logic = fromCallback(({ receive }) =>
      receive((event) => {
        heard.push(event.type)
        if (event.type === 'go') fail()
      }),
    )
    const bench = await begun({ logic, stopEvent })
    bench.send(go)
    bench.send({ type: 'late' })
    await bench.stop()
    expect([heard, bench.rig.exit]).toEqual([['go'], 'crash'])
  })

  test('records what fails on the way', async () => {
    const { rig } = await begun({ logic: createMachine({ invoke: { src: fromCallback(() => fail) } }) })
    rig.stop()
    await rig.env.settle()
    expect([rig.exit, rig.ending?.verdict, rig.ending?.errors]).toEqual(['shutdown', 'failed', [boom]])
    const own = await begun({ logic: fromCallback(() => fail) })
    own.rig.stop()
    expect([own.rig.exit, own.rig.ending?.errors]).toEqual(['shutdown', [boom]])
  })

  test('during which it fails is a crash', async () => {
    const logic = createMachine({ initial: 'a', states: { a: { on: { bye: 'b' } }, b: { after: { 10: { actions: fail } } } } })
    const bench = await begun({ logic, stopEvent })
    await bench.stop()
    await bench.rig.env.advance(10)
    expect([bench.rig.exit, bench.rig.cause, bench.rig.ending?.verdict]).toEqual(['crash', boom, 'failed'])
  })

  test('after which nothing of it runs and no event reaches it', async () => {
    const heard: unknown[] = []
    const parent = createMachine({
      invoke: {
        src: createMachine({
          after: { 10: { actions: sendParent({ type: 'tick' }) } },
          initial: 'a',
          states: { a: { after: { 10: { actions: sendParent({ type: 'tick' }) } } } },
        } as never),
      },
      on: { '*': { actions: ({ event }) => void heard.push(event.type) } },
    })
    const bench = await begun({ logic: parent })
    bench.actor.post({ type: 'late' })
    bench.rig.incarnation.kill()
    expect(bench.actor.post({ type: 'later' })).toBe(false)
    await bench.rig.env.advance(100)
    expect([heard, bench.rig.exit, bench.rig.ending?.verdict]).toEqual([[], 'killed', 'killed'])
  })

  test('by force out of its own action, and during its start', async () => {
    let incarnation: Incarnation | undefined
    const bench = await begun({ logic: createMachine({ on: { go: { actions: () => incarnation?.kill() } } }) })
    incarnation = bench.rig.incarnation
    await bench.post(go)
    expect(bench.rig.exit).toBe('killed')
    const waiting = await begun({ logic: warming })
    waiting.rig.incarnation.kill()
    await waiting.rig.env.settle()
    expect([waiting.rig.told, waiting.rig.exit]).toEqual([['stopped'], 'killed'])
  })

  test('whose last step is final, out of its own action', async () => {
    let incarnation: Incarnation | undefined
    const logic = setup({ actions: { kill: () => incarnation?.kill() } }).createMachine({
      initial: 'a',
      states: { a: { on: { go: { target: 'b', actions: 'kill' } } }, b: { type: 'final' } },
    })
    const bench = await begun({ logic })
    incarnation = bench.rig.incarnation
    await bench.post(go)
    expect(bench.rig.exit).toBe('killed')
  })
})

describe('a message from outside', () => {
  test('takes one microtask, and keeps its place', async () => {
    const heard: number[] = []
    const logic = createMachine({ on: { go: { actions: ({ event }) => void heard.push(event['n'] as number) } } })
    const bench = await begun({ logic })
    const { env } = bench.rig
    expect([1, 2, 3].map((n) => bench.send({ type: 'go', n }))).toEqual([true, true, true])
    expect(heard).toEqual([])
    await Promise.resolve()
    expect(heard).toEqual([1, 2, 3])
    const many = Array.from({ length: 4_500 }, (_, n) => n)
    for (const n of many) bench.send({ type: 'go', n })
    await env.settle()
    expect(heard.slice(3)).toEqual(many)
    await bench.stop()
  })

  test('lets the loop go round after 1 000 in a row', async () => {
    const env = new VirtualEnv()
    let count = 0
    const logic = createMachine({
      on: {
        go: {
          actions: () => {
            count += 1
          },
        },
      },
    })
    const bench = await new Bench({ logic }, {}, env).begin()
    for (let n = 0; n < 2_500; n += 1) bench.actor.post(go)
    await Promise.resolve()
    expect(count).toBe(1_000)
    await env.settle()
    expect(count).toBe(2_500)
    await bench.stop()
  })

  test('is delivered in the name of the incarnation', async () => {
    const env = new VirtualEnv()
    const owners: unknown[] = []
    const logic = createMachine({
      entry: () => owners.push(env.entered.at(-1)),
      on: { go: { actions: () => void owners.push(env.entered.at(-1)) } },
    })
    const bench = await new Bench({ logic }, {}, env).begin()
    await bench.post(go)
    expect(owners).toEqual([bench.rig.incarnation, bench.rig.incarnation])
    await bench.stop()
  })
})

test('inspectors see it below its incarnation, by an id that carries that', async () => {
  const bench = await begun({ logic: timed })
  const [actor] = bench.family
  expect([actor?.id, actor?._parent]).toEqual(['shop/it#1.actor', bench.rig.incarnation.actor])
  await bench.stop()
})
