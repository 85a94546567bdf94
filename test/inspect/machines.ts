// Machines as people write them, small and large.

const steps = Array.from({ length: 30 }, (_, index) => {
  const jump = index % 4 === 0 ? { [`JUMP_TO_A_VERY_LONG_NAME_${index}`]: `step${(index * 7 + 5) % 30}` } : {}
  const back = index % 5 === 2 ? { BACK: `step${Math.max(0, index - 3)}` } : {}
  return [`step${index}`, { on: { NEXT: `step${(index + 1) % 30}`, ...jump, ...back } }] as const
})

const stages = (['a', 'b', 'c'] as const).map((stage, index, all) => {
  const rooms = (['x', 'y', 'z'] as const).map((room, at, each) => {
    const states = {
      one: { on: { N: 'two' } },
      two: { on: { N: 'three', BACK: 'one', ABORT: '#workflow.c.z.three' } },
      three: { on: { UP: `#workflow.${stage}` } },
    }
    return [room, { initial: 'one', on: { SKIP: each[Math.min(2, at + 1)] }, states }] as const
  })
  const next = all[(index + 1) % all.length]
  return [stage, { initial: 'x', on: { [`LEAVE_${stage}`]: next }, states: Object.fromEntries(rooms) }] as const
})

/** Configs for `createMachine`. */
export const machines = {
  toggle: { id: 'toggle', initial: 'off', states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } } },
  fetcher: {
    id: 'fetcher',
    initial: 'idle',
    on: { RESET: '.idle', LOG: { actions: 'log' } },
    states: {
      idle: { on: { FETCH: [{ target: 'loading', guard: 'isAllowed', actions: 'remember' }, { target: 'failed' }] } },
      loading: {
        tags: ['busy'],
        entry: 'showSpinner',
        exit: 'hideSpinner',
        invoke: { src: 'fetchUser', onDone: 'done', onError: 'failed' },
        after: { 5000: 'failed' },
        on: { CANCEL: 'idle', PROGRESS: { actions: 'draw' } },
      },
      failed: {
        on: { RETRY: { target: 'loading', guard: 'hasTriesLeft' }, GIVE_UP: 'abandoned' },
        after: { 1000: { target: 'failed', reenter: true } },
      },
      abandoned: { type: 'final' },
      done: { on: { FETCH: 'loading', REFRESH: { target: 'done', reenter: true } } },
    },
  },
  order: {
    id: 'order',
    initial: 'cart',
    states: {
      cart: { on: { ADD: { actions: 'add' }, CHECKOUT: 'address' } },
      address: { on: { NEXT: 'payment', BACK: 'cart' } },
      payment: { on: { PAY: 'authorising', BACK: 'address' } },
      authorising: { invoke: { src: 'authorise', onDone: 'paid', onError: 'declined' }, after: { 30000: 'declined' } },
      declined: { on: { RETRY: 'payment', CANCEL: 'cancelled' } },
      paid: { on: { SHIP: 'shipped', REFUND: 'cancelled' } },
      shipped: { on: { DELIVERED: 'delivered', LOST: 'paid' } },
      delivered: { type: 'final' },
      cancelled: { type: 'final' },
    },
  },
  player: {
    id: 'player',
    type: 'parallel',
    states: {
      playback: {
        initial: 'paused',
        states: {
          paused: { on: { PLAY: 'playing' } },
          playing: { on: { PAUSE: 'paused', END: 'ended' } },
          ended: { on: { REPLAY: 'playing' } },
        },
      },
      volume: { initial: 'normal', states: { normal: { on: { MUTE: 'muted' } }, muted: { on: { UNMUTE: 'normal' } } } },
      network: {
        initial: 'online',
        states: {
          online: { on: { LOSE: 'offline' } },
          offline: {
            initial: 'waiting',
            states: {
              waiting: { after: { 1000: 'probing' } },
              probing: { invoke: { src: 'probe', onDone: '#player.network.online', onError: 'waiting' } },
            },
          },
        },
      },
    },
  },
  consumer: {
    id: 'consumer',
    initial: 'connecting',
    states: {
      connecting: { invoke: { src: 'connect', onDone: 'running', onError: 'backoff' } },
      backoff: { after: { 500: { target: 'connecting', guard: 'attemptsLeft' } }, always: { target: 'dead', guard: 'tooManyAttempts' } },
      running: {
        initial: 'idle',
        on: { DISCONNECTED: 'backoff', STOP: 'draining', PAUSE: '.paused' },
        states: {
          idle: { on: { MESSAGE: 'working' } },
          working: {
            type: 'parallel',
            onDone: 'idle',
            states: {
              handle: {
                initial: 'parse',
                states: {
                  parse: { on: { PARSED: 'store', BROKEN: '#consumer.running.poisoned' } },
                  store: { on: { STORED: 'ok' } },
                  ok: { type: 'final' },
                },
              },
              ack: { initial: 'pending', states: { pending: { on: { ACKED: 'sent' } }, sent: { type: 'final' } } },
            },
          },
          poisoned: { on: { SKIP: 'idle' } },
          paused: { on: { RESUME: 'hist' } },
          hist: { type: 'history', history: 'deep', target: 'idle' },
        },
      },
      draining: { on: { EMPTY: 'stopped' }, after: { 10000: 'stopped' } },
      dead: { type: 'final' },
      stopped: { type: 'final' },
    },
  },
  workflow: { id: 'workflow', initial: 'a', states: Object.fromEntries(stages) },
  thirty: { id: 'thirty', initial: 'step0', states: Object.fromEntries(steps) },
} as const
