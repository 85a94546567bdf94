// Ways through users' machines as tests of their drains: one for each state, a state that gets stuck is found and named.
import { drainPaths } from 'quiesce/testing'
import { describe, expect, test } from 'vitest'
import { assign, createMachine, fromCallback, fromPromise, setup } from 'xstate'

type Paths = ReturnType<typeof drainPaths>

const ways = (paths: Paths): string[] => paths.map(({ state, events }) => `${state}: ${events.join(' ')}`)

/** What each item says of its state: nothing, or what is wrong. */
async function complaints(paths: Paths): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { state, run } of paths) {
    await run().catch((error: Error) => {
      found[state] = error.message
    })
  }
  return found
}

const close = { type: 'close' } as const

// Charging invokes a client that takes its time; what it answers decides where it goes on.
const order = setup({
  types: {
    context: {} as { items: number; isClosing?: boolean },
    events: {} as { type: 'add'; item: string } | { type: 'pay' } | { type: 'ship' } | { type: 'close' },
  },
  actors: { charge: fromPromise(() => new Promise<string>(() => {})) },
  delays: { patience: 1_500, transport: 2_000 },
}).createMachine({
  id: 'order',
  context: { items: 0 },
  initial: 'open',
  states: {
    open: {
      on: {
        add: { actions: assign({ items: ({ context, event }) => context.items + event.item.length }) },
        pay: { guard: ({ context }) => context.items > 0, target: 'charging' },
        close: 'done',
      },
    },
    charging: {
      invoke: { src: 'charge', onDone: 'paid', onError: 'failed' },
      after: { patience: 'failed' },
      on: { close: { actions: assign({ isClosing: true }) } },
    },
    paid: { on: { ship: 'shipping', close: 'shipping' } },
    shipping: { after: { transport: 'done' }, on: { close: { actions: assign({ isClosing: true }) } } },
    failed: { tags: 'stopped', on: { close: 'done' } },
    done: { type: 'final' },
  },
})

const options = {
  stopEvent: close,
  events: [{ type: 'add', item: 'tea' }],
  distinguish: ({ context }: { context: { items: number } }) => context.items > 0,
}

describe('the ways', () => {
  test('lead to each state in which the machine can rest, also by the ends of what it invokes and of delays', () => {
    expect(ways(drainPaths(order, options))).toEqual([
      'open: ',
      'open: add',
      'charging: add pay',
      'paid: add pay xstate.done.actor.0.order.charging',
      'failed: add pay xstate.error.actor.0.order.charging',
      'shipping: add pay xstate.done.actor.0.order.charging ship',
    ])
  })

  test('say what they test', () => {
    const [first] = drainPaths(order, { ...options, shutdown: '3s' })
    expect(first?.says).toBe('asked to stop in "open" it is done within 3.00 s')
  })

  test('leave out what is left out', () => {
    expect(drainPaths(order, { ...options, except: ['open', 'failed'] }).map(({ state }) => state)).toEqual([
      'charging',
      'paid',
      'shipping',
    ])
  })

  test('name nested and parallel states', () => {
    const nested = createMachine({
      type: 'parallel',
      states: {
        door: { initial: 'shut', states: { shut: { on: { open: 'ajar' } }, ajar: {} } },
        lamp: { tags: 'stopped' },
      },
    })
    expect(ways(drainPaths(nested, { stopEvent: close }))).toEqual(['door.shut + lamp: ', 'door.ajar + lamp: open'])
  })

  test('begin with the input', () => {
    const counting = setup({ types: { input: {} as { from: number }, context: {} as { n: number } } }).createMachine({
      context: ({ input }) => ({ n: input.from }),
      initial: 'begun',
      states: { begun: { always: { guard: ({ context }) => context.n > 2, target: 'late' } }, late: { tags: 'stopped' } },
    })
    expect(ways(drainPaths(counting, { stopEvent: close, input: { from: 3 } }))).toEqual(['late: '])
  })

  test('send nothing from outside to one that is not ready', () => {
    const warming = createMachine({
      initial: 'cold',
      states: {
        cold: { on: { skip: 'odd' }, after: { 100: 'warm' } },
        warm: { tags: ['ready', 'stopped'], on: { work: 'busy' } },
        busy: { on: { close: 'warm' } },
        odd: {},
      },
    })
    expect(ways(drainPaths(warming, { stopEvent: close }))).toEqual([
      'cold: ',
      'warm: xstate.after.100.(machine).cold',
      'busy: xstate.after.100.(machine).cold work',
    ])
  })

  test('are for machines', () => {
    expect(() =>
      drainPaths(
        fromPromise(async () => 1),
        { stopEvent: close as never },
      ),
    ).toThrow('other logic has none')
  })

  test('need the fields of events', () => {
    expect(() => drainPaths(order, { stopEvent: close })).toThrow(
      /^"add" in "open" failed: .*; give the event with its fields in `events`$/,
    )
  })

  test('have an end', () => {
    const { distinguish: _distinguish, ...rest } = options
    expect(() => drainPaths(order, { ...rest, distinguish: ({ context }) => context.items, limit: 50 })).toThrow(
      'more than 50 steps through "order"; raise `limit`, or distinguish less',
    )
  })

  test('want a duration', () => {
    expect(() => drainPaths(order, { ...options, shutdown: 'soon' as '1s' })).toThrow('soon is not a duration')
  })
})

describe('a machine that drains from everywhere', () => {
  for (const { says, events, run } of drainPaths(order, options)) test(`${says} (${events.join(' ')})`, run)

  test('also when it is asked while it becomes ready, or has no more to do than it is doing', async () => {
    const worker = createMachine({
      initial: 'connecting',
      states: {
        connecting: { after: { 500: 'idle' } },
        idle: { tags: ['ready', 'stopped'], on: { job: 'working' } },
        working: { after: { 4000: 'idle' }, on: { close: { actions: () => {} } } },
      },
    })
    expect(await complaints(drainPaths(worker, { stopEvent: close }))).toEqual({})
    expect(await complaints(drainPaths(worker, { stopEvent: close, shutdown: '4s' }))).toEqual({
      working: expect.stringContaining('it was in "working" when its time was over'),
    })
  })

  test('also by predicates in place of tags', async () => {
    const predicates = createMachine({ initial: 'up', states: { up: { on: { close: 'down' } }, down: {} } })
    expect(
      await complaints(drainPaths(predicates, { stopEvent: close, except: ['down'], isStopped: ({ value }) => value === 'down' })),
    ).toEqual({})
  })
})

describe('a machine that', () => {
  const stuckIn = (state: 'paid' | 'shipping', config: object) =>
    order.provide({}).config &&
    createMachine({ ...order.config, states: { ...order.config.states, [state]: config } } as never).provide({
      actors: { charge: fromPromise(() => new Promise<string>(() => {})) },
      delays: { patience: 1_500, transport: 2_000 },
    } as never)

  test('gets stuck in one state is found, and the state and the way to it are named', async () => {
    const stuck = stuckIn('shipping', { on: { close: { actions: () => {} } } })
    expect(await complaints(drainPaths(stuck, options as never))).toEqual({
      paid: 'asked to stop in "paid" (reached by add → pay → xstate.done.actor.0.order.charging) it was in "shipping" when its time was over, and was cut off. Give that state a way to its end, or a longer `shutdown`',
      shipping: expect.stringMatching(/^asked to stop in "shipping" \(reached by .* → ship\) it was in "shipping" when its time was over/),
    })
  })

  test('does not take the stop event everywhere is found', async () => {
    const deaf = stuckIn('paid', { on: { ship: 'shipping' } })
    expect(await complaints(drainPaths(deaf, options as never))).toEqual({
      paid: expect.stringMatching(
        /it was stopped in "paid" without ado, since it does not take "close" there\. Let that state take it, or tag it `stopped`$/,
      ),
    })
  })

  test('fails while it drains is found', async () => {
    const failing = setup({
      actions: {
        explode: () => {
          throw new Error('no such depot')
        },
      },
    }).createMachine({
      initial: 'open',
      states: { open: { on: { close: { actions: 'explode', target: 'done' } } }, done: { type: 'final' } },
    })
    const { open } = await complaints(drainPaths(failing, { stopEvent: close }))
    expect(open).toMatch(/^asked to stop in "open" \(reached at once\) its stop came to "failed": .*no such depot/)
  })

  test('goes another way than its definition says is told so', async () => {
    const hasty = createMachine({
      initial: 'asking',
      states: {
        asking: {
          invoke: { src: fromCallback(({ sendBack }) => sendBack({ type: 'answer' })) },
          on: { answer: 'answered', close: 'answered' },
        },
        answered: { type: 'final' },
      },
    })
    const { asking } = await complaints(drainPaths(hasty, { stopEvent: close }))
    expect(asking).toMatch(/^at its start it came to "answered", not to "asking" as its definition says: what it invokes is faster$/)
  })
})
