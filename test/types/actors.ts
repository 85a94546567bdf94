// What the compiler makes of actors: input, events, snapshots, answers. Never run; test/types.test.ts compiles it.
import { type ActorHandle, type ActorSpec, actor, type HandleOf, live, type Reply, type Service, service, supervisor } from 'quiesce'
import { assign, createMachine, fromCallback, fromPromise, fromTransition, type SnapshotFrom, setup } from 'xstate'
import { same } from './same.js'

type Events =
  | { type: 'add'; sku: string }
  | { type: 'total'; currency: string; reply: Reply<number> }
  | { type: 'items'; reply: Reply<readonly string[]> }
  | { type: 'stop' }

const machine = setup({
  types: { context: {} as { items: readonly string[] }, input: {} as { first: string }, events: {} as Events },
}).createMachine({
  context: ({ input }) => ({ items: [input.first] }),
  initial: 'open',
  states: {
    open: {
      tags: ['ready'],
      on: {
        add: { actions: assign({ items: ({ context, event }) => [...context.items, event.sku] }) },
        total: { actions: ({ event, context }) => event.reply(context.items.length) },
        items: { actions: ({ event, context }) => event.reply(context.items) },
        stop: 'shut',
      },
    },
    shut: { type: 'final' },
  },
})

// --- the definition

const cart = actor('cart', {
  logic: machine,
  input: { first: 'tea' },
  stopEvent: { type: 'stop' },
  isReady: (snapshot) => {
    same<typeof snapshot, SnapshotFrom<typeof machine>>()
    // @ts-expect-error no such state
    snapshot.matches('opened')
    return snapshot.matches('open') && snapshot.context.items.length > 0
  },
  isStopped: (snapshot) => snapshot.context.items.length === 0,
  restart: 'transient',
  shutdown: '10s',
  edge: true,
})
same<typeof cart, Service<ActorHandle<typeof machine>, {}, 'cart'>>()
same<HandleOf<typeof cart>, ActorHandle<typeof machine>>()

// @ts-expect-error the machine needs input
actor('no-input', { logic: machine })
// @ts-expect-error another input
actor('wrong-input', { logic: machine, input: { second: 'tea' } })
// @ts-expect-error none of its events
actor('wrong-stop', { logic: machine, input: { first: 'tea' }, stopEvent: { type: 'halt' } })
// @ts-expect-error an event with a part missing
actor('half-stop', { logic: machine, input: { first: 'tea' }, stopEvent: { type: 'add' } })
// @ts-expect-error a predicate answers yes or no
actor('no-answer', { logic: machine, input: { first: 'tea' }, isReady: () => 'yes' })
// @ts-expect-error no such option
actor('misspelt', { logic: machine, input: { first: 'tea' }, stopEvnt: { type: 'stop' } })
// @ts-expect-error not a duration
actor('no-duration', { logic: machine, input: { first: 'tea' }, shutdown: '5 seconds' })
// @ts-expect-error not actor logic
actor('no-logic', { logic: () => 1 })

// --- other kinds of logic

const job = actor('job', { logic: fromPromise(async () => 1) })
same<ReturnType<HandleOf<typeof job>['snapshot']>['output'], number | undefined>()
const fetched = fromPromise(async ({ input }: { input: { url: string } }) => input.url.length)
actor('fetched', { logic: fetched, input: { url: 'x' } })
// @ts-expect-error the promise needs input
actor('not-fetched', { logic: fetched })
const count = actor('count', { logic: fromTransition((state: number, event: { type: 'inc'; by: number }) => state + event.by, 0) })
actor('heard', { logic: fromCallback<{ type: 'ping' }>(({ receive }) => receive((event) => same<typeof event.type, 'ping'>())) })
const loose = actor('loose', { logic: createMachine({ on: { anything: {} } }) })

// --- the handle

export const user = service('user', {
  uses: { cart, count, loose, later: live(cart) },
  start: async ({ uses }) => {
    same<ReturnType<typeof uses.cart.send>, boolean>()
    uses.cart.send({ type: 'add', sku: 'milk' })
    uses.later.get().send({ type: 'add', sku: 'milk' })
    uses.count.send({ type: 'inc', by: 2 })
    uses.loose.send({ type: 'whatever', with: 1 })
    const total = await uses.cart.ask({ type: 'total', currency: 'eur' }, { timeout: '1s' })
    same<typeof total, number>()
    const items = await uses.cart.ask({ type: 'items' }, { signal: AbortSignal.timeout(5) })
    same<typeof items, readonly string[]>()
    same<ReturnType<typeof uses.cart.snapshot>, SnapshotFrom<typeof machine>>()
    // @ts-expect-error it has no reply
    await uses.cart.ask({ type: 'add', sku: 'milk' })
    // @ts-expect-error a part is missing
    await uses.cart.ask({ type: 'total' })
    // @ts-expect-error the reply is not for the asker to give
    await uses.cart.ask({ type: 'items', reply: () => {} })
    // @ts-expect-error none of its events
    uses.cart.send({ type: 'nope' })
    // @ts-expect-error a machine without such events answers nothing
    await uses.count.ask({ type: 'inc', by: 1 })
    // @ts-expect-error no XState actor
    uses.cart.subscribe(() => {})
    return total
  },
})

// --- replies

const reply: Reply<number> = Object.assign((_answer: number) => {}, { reject: (_error: unknown) => {} })
reply.reject(new Error('no'))
// @ts-expect-error another answer
reply('seven')
const narrower: Reply<7> = reply
void narrower
// @ts-expect-error one who takes less does not stand for one who takes more
const wider: Reply<number | string> = reply
void wider

// --- among others

const children: Service[] = [cart, job, user]
supervisor('shop', { children })
const spec: ActorSpec<typeof machine> = { logic: machine, input: { first: 'tea' } }
actor('specified', spec)
