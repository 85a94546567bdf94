// The daemon of the soak: something of everything that lives long, or comes and goes. What it does follows a pattern that repeats, so
// that it stands the same at the end of every hour.
import { type Context, dynamicSupervisor, type Gate, service, supervisor } from '../../src/index.js'
import type { VirtualEnv } from '../../src/testing/virtual-env.js'
import { buildSystem, type System } from '../../src/tree/system.js'

/** How long a session lasts, unless it is killed. */
const SESSION = '10m'
const ANSWER_MS = 20
const NEVER_IN_TIME_MS = 6_000

/** Who crashes, in turn. */
const VICTIMS = ['db', 'api', 'jobs', 'flaky'] as const

/** A running daemon under a load that repeats. */
export class SoakedDaemon {
  readonly #env: VirtualEnv
  readonly #contexts = new Map<string, Context<unknown>>()
  readonly #caller = new AbortController()
  readonly #desk = service('desk', {
    capacity: 100,
    start: (ctx) => this.#enter(ctx, { gate: ctx.gate({ capacity: 2, queue: 8 }) }),
    requests: {
      soon: (_handle, ms: number) => this.#after(ms),
      late: () => this.#after(NEVER_IN_TIME_MS),
    },
  })
  readonly #sessions = dynamicSupervisor('sessions', { child: (number: number) => this.#session(number) })
  readonly system: System
  sessionCount = 0
  /** Asks that were answered, and those that were not in time. */
  readonly asks = { answered: 0, late: 0 }
  workCount = 0

  constructor(env: VirtualEnv) {
    this.#env = env
    const db = service('db', {
      start: async (ctx) => this.#enter(ctx, { isOpen: true }),
      stop: async () => {},
      health: { check: ({ isOpen }) => isOpen, every: '1m' },
    })
    const api = service('api', { uses: { db }, edge: true, start: (ctx) => this.#enter(ctx, ctx.uses.db) })
    const jobs = service('jobs', {
      uses: { db },
      run: async (ctx) => {
        this.#enter(ctx, undefined)
        for (;;) await ctx.sleep('20s')
      },
    })
    const flaky = service('flaky', { start: (ctx) => this.#enter(ctx, {}) })
    const back = supervisor('back', { backoff: { initial: 100, resetAfter: '1m' }, children: [flaky] })
    const tree = supervisor('app', { children: [this.#desk, db, api, jobs, back, this.#sessions] })
    this.system = buildSystem(tree, env) as unknown as System
  }

  /** What is listened to for as long as the daemon lives: a caller's signal, and those of a service that never crashes. */
  get signals(): AbortSignal[] {
    const desk = this.#contexts.get('app/desk')
    return desk === undefined ? [] : [this.#caller.signal, desk.signal, desk.draining]
  }

  async start(): Promise<void> {
    const started = this.system.start()
    await this.#env.settle()
    await started
  }

  /** One minute: a crash, two sessions that come, others that go, work that waits for its turn, questions that are answered or not. */
  async minute(number: number): Promise<void> {
    this.#crash(VICTIMS[Math.abs(number) % VICTIMS.length] as string)
    await this.#env.settle()
    const starts = [0, 1].map(() => this.#sessionStarts())
    const work = Array.from({ length: 5 }, () => this.#work())
    const asks = [this.#ask('soon'), this.#ask('soon'), ...(number % 10 === 0 ? [this.#ask('late')] : [])]
    await this.#env.advance(60_000)
    await Promise.all([...starts, ...work, ...asks])
  }

  #crash(id: string): void {
    const address = id === 'flaky' ? 'app/back/flaky' : `app/${id}`
    this.#contexts.get(address)?.fail(new Error(`${id} crashed, as it was meant to`))
  }

  #enter<T>(ctx: Context<unknown>, handle: T): T {
    this.#contexts.set(ctx.address, ctx)
    return handle
  }

  // Of ten one crashes at its end and one is killed at its beginning; none comes back.
  async #sessionStarts(): Promise<void> {
    this.sessionCount += 1
    const number = this.sessionCount
    const session = await this.system.ref(this.#sessions).handle.start(number)
    if (number % 10 === 5) session.kill()
  }

  #session(number: number) {
    return service('session', {
      restart: 'temporary',
      run: async (ctx) => {
        ctx.defer(() => {})
        await ctx.sleep(SESSION)
        if (number % 10 === 0) throw new Error('it crashed, as it was meant to')
      },
    })
  }

  async #work(): Promise<void> {
    const { gate }: { gate: Gate } = this.system.ref(this.#desk).handle
    await gate.run(() => this.#after(ANSWER_MS))
    this.workCount += 1
  }

  async #ask(name: 'soon' | 'late'): Promise<void> {
    try {
      await this.system.ref(this.#desk).ask(name, ANSWER_MS, { timeout: '5s', signal: this.#caller.signal })
      this.asks.answered += 1
    } catch {
      this.asks.late += 1
    }
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#env.outside.after(ms, resolve, true))
  }
}
