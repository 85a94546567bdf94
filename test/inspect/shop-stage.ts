// The shop that the page's tests and pictures show: edges with work in flight, a database, a machine, sessions that come and go, a
// leader, and somebody who crashes.
import { assign, setup } from 'xstate'
import { actor, type Context, dynamicSupervisor, type Gate, leader, live, service, supervisor } from '../../src/index.js'
import { memoryLease } from '../../src/lease/memory.js'
import type { VirtualEnv } from '../../src/testing/virtual-env.js'
import { StagedDaemon } from './staged-daemon.js'

type Tree = ReturnType<typeof shop>

/** What a test can do in the shop. */
export interface Hands {
  /** Requests come to the API that take so long each. */
  order(count: number, ms: number): void
  /** The fulfilment crashes. */
  crash(): void
}

const checkout = setup({
  types: { events: {} as { type: 'BASKET' } | { type: 'PAY' } | { type: 'PAID' } | { type: 'CLOSE' }, context: {} as { orders: number } },
}).createMachine({
  id: 'checkout',
  context: { orders: 0 },
  initial: 'open',
  states: {
    open: {
      tags: 'ready',
      initial: 'idle',
      on: { CLOSE: 'closed' },
      states: {
        idle: { on: { BASKET: 'basket' } },
        basket: { on: { PAY: 'paying' } },
        paying: { on: { PAID: { target: 'idle', actions: assign({ orders: ({ context }) => context.orders + 1 }) } } },
      },
    },
    closed: { tags: 'stopped' },
  },
})

/** The tree, and hands to play with it. */
export function shop(env: VirtualEnv, hands: { current?: Hands } = {}) {
  const after = (ms: number): Promise<void> => new Promise((resolve) => void env.outside.after(ms, resolve))
  let api: Gate | undefined
  let fulfilment: Context | undefined
  const db = service('db', {
    start: async (ctx) => ctx.sleep(120),
    stop: () => after(400),
    health: { check: () => true, every: '5s' },
  })
  const payments = service('payments', { uses: { db }, start: async (ctx) => ctx.sleep(80), stop: () => after(250) })
  const orders = service('orders', {
    uses: { db, payments },
    start: async (ctx) => {
      fulfilment = ctx
      await ctx.sleep(60)
    },
    stop: () => after(150),
  })
  const http = service('api', {
    uses: { orders: live(orders) },
    edge: true,
    shutdown: '10s',
    start: async (ctx) => {
      api = ctx.gate({ capacity: 64, queue: 32 })
      await ctx.sleep(30)
    },
  })
  const sessions = dynamicSupervisor('sessions', {
    child: (name: string) => service('session', { restart: 'transient', start: () => name, stop: () => after(40) }),
  })
  const basket = actor('checkout', { logic: checkout, stopEvent: { type: 'CLOSE' } })
  const billing = leader('billing', {
    lease: memoryLease('billing'),
    candidate: 'shop-7d9f4',
    child: () => service('invoices', { start: async (ctx) => ctx.sleep(40), stop: () => after(300) }),
  })
  hands.current = {
    order: (count, ms) => {
      for (let index = 0; index < count; index += 1) {
        const permit = api?.tryEnter()
        env.outside.after(ms + index * 35, () => permit?.release())
      }
    },
    crash: () =>
      fulfilment?.fail(
        new Error('the ledger is not writable', { cause: new Error('EROFS: read-only file system', { cause: new Error('disk full') }) }),
      ),
  }
  return supervisor('shop', {
    intensity: { max: 5, within: '1m' },
    children: [
      db,
      supervisor('back', {
        children: [payments, orders, basket, billing],
        intensity: { max: 5, within: '1m' },
        backoff: { initial: '500ms' },
      }),
      supervisor('front', { children: [sessions, http] }),
    ],
  })
}

/** A shop on its stage. */
export interface StagedShop {
  readonly daemon: StagedDaemon<Tree>
  readonly hands: Hands
}

/** The shop, open for business: somebody has crashed and come back, work is in flight. */
export async function openShop(options: { readonly controls?: boolean; readonly sessions?: number } = {}): Promise<StagedShop> {
  const holder: { current?: Hands } = {}
  const daemon = new StagedDaemon((env) => shop(env, holder), options)
  const hands = holder.current as Hands
  await daemon.start()
  const sessions = daemon.system.ref('shop/front/sessions')
  for (let index = 0; index < (options.sessions ?? 7); index += 1) void sessions.handle.start(`visitor ${index}`)
  await daemon.advance(3_000)
  hands.order(12, 900)
  const machine = daemon.system.ref('shop/back/checkout')
  machine.handle.send({ type: 'BASKET' })
  await daemon.advance(700)
  machine.handle.send({ type: 'PAY' })
  await daemon.advance(2_500)
  hands.crash()
  await daemon.advance(4_000)
  hands.crash()
  await daemon.advance(9_000)
  machine.handle.send({ type: 'PAID' })
  hands.order(41, 2_200)
  await daemon.advance(600)
  return { daemon, hands }
}
