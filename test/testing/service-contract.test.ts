// The contract of a service, tried on a real TCP server with a timer loop that keeps all of it, and on one that breaks each item of it:
// that item fails, no other does, and its sentence says what is wrong.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Context, type Permit, type Service, service } from 'quiesce'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ContractItem, type ContractOptions, serviceContract } from '../../src/testing/service-contract.js'
import { ROOT } from '../house/sources.js'

const USABLE = 'it is usable as soon as it has said that it is started'
const RELEASED = 'it says that it has stopped only when all that it acquired is released, and can then be started again'
const TWICE = 'asked twice to stop, it stops once, and the second request only hurries it'
const STARTING = 'asked to stop while it starts, it gives up the start and releases what it has acquired so far'
const WAITS = 'every wait of it ends in time when the other side never answers'
const LOOPS = 'no loop of it goes on after its signal is aborted'
const NOTHING_LEFT = 'it leaves nothing behind: no timer, no handle, no listener'
const TOLD = 'both ends of each of its handshakes are logged and counted, once each'
const ITEMS = [USABLE, RELEASED, TWICE, STARTING, WAITS, LOOPS, NOTHING_LEFT, TOLD]

/** What is wrong with a service, the item that finds it, and what the item says. */
const FLAWS = {
  'it listens later than it says': [USABLE, /^`door`: it was not usable when it had said that it is started: nobody listens$/],
  'it acknowledges a stop that goes on': [
    RELEASED,
    /^`door`: it said that it had stopped, and what it acquired was not released: await in `stop` all that closes it$/,
  ],
  'it closes while it settles': [TWICE, /^`door`: a hook of it failed when it was asked twice to stop: .*already closing/],
  'a start that is called off keeps its connection': [
    STARTING,
    /^`door`: what it acquired was not released after its start was called off: /,
  ],
  'it waits for its clients': [
    WAITS,
    /^`door`: it was given up while it had work whose other side never answers, after .*: its `stop` had not/,
  ],
  'it waits for a greeting': [
    WAITS,
    /^`door`: it was given up when its start was called off, and nobody had answered it, .* its `start` had not/,
  ],
  'its loop hears only of drains': [
    LOOPS,
    /^`door`: a loop of it went round \d+ times after its signal was aborted: end it on `ctx.signal`$/,
  ],
  'it forgets a timer': [
    NOTHING_LEFT,
    /^`door`: it left behind: Timeout \(unref\) \(made at test\/testing\/service-contract\.test\.ts:\d+\)\. End it in `stop` or with `ctx\.defer`$/,
  ],
  'it forgets a listener': [NOTHING_LEFT, /^`door`: it left behind: listener for SIGUSR2\. End it in `stop` or with `ctx\.defer`$/],
  'it counts none of its work': [TOLD, /^`door`: it had accepted work that nobody counts: hold a permit of `ctx.gate\(\)`/],
  'it forgets a permit': [TOLD, /^`door`: it held 1 permit 600 ms after `use` was over: release each in a `finally`$/],
  'it settles only when it is cut off': [
    TOLD,
    /^`door`: nobody disturbed it, and its stop was cut off after .*: end its loops and waits on/,
  ],
} as const
type Flaw = keyof typeof FLAWS
/** Those of the `drain` hook. */
const SETTLING: readonly Flaw[] = ['it closes while it settles', 'its loop hears only of drains', 'it settles only when it is cut off']

// --- the other side: greets whoever connects, unless it is silent

let isSilent = false
const greeted = new Set<Socket>()
const greeter = createServer((socket) => {
  greeted.add(socket)
  socket.on('close', () => greeted.delete(socket)).on('error', () => {})
  if (!isSilent) socket.write('hello')
  socket.resume()
})

beforeAll(async () => {
  greeter.listen(0, '127.0.0.1')
  await once(greeter, 'listening')
})

afterAll(() => {
  for (const socket of greeted) socket.destroy()
  greeter.close()
})

// --- the service: greeted by the other side, it listens, answers every client, and loops

interface Door {
  readonly server: Server
  readonly clients: Set<Socket>
  readonly greeting: Socket
  isLooping: boolean
  looping: Promise<void>
}

class Bench {
  readonly #flaw: Flaw | undefined
  /** What is open: also what a flaw forgets, so that the test can end it. */
  readonly #open = new Set<Socket | Server>()
  readonly #doors: Door[] = []
  readonly #timers: NodeJS.Timeout[] = []
  readonly #listener = (): void => {}
  #rounds = 0
  #isSettling = false

  constructor(flaw?: Flaw) {
    this.#flaw = flaw
  }

  items(): ContractItem[] {
    const options: ContractOptions<Service<Door>> = {
      deadline: '600ms',
      use: (door) => ask(door),
      isReleased: () => this.#open.size === 0,
      hang: (door) => connected(door),
      accept: (door) => connected(door),
      silence: () => {
        isSilent = true
        return () => {
          isSilent = false
        }
      },
      rounds: () => this.#rounds,
    }
    const drain = (door: Door, ctx: Context): unknown => this.#drain(door, ctx)
    const settles = SETTLING.some((flaw) => this.#has(flaw))
    const stop = (door: Door): Promise<void> => this.#stop(door)
    const subject = service('door', { start: (ctx: Context): Promise<Door> => this.#start(ctx), stop, ...(settles && { drain }) })
    return serviceContract(subject, options)
  }

  #has(flaw: Flaw): boolean {
    return this.#flaw === flaw
  }

  async #start(ctx: Context): Promise<Door> {
    if (this.#has('it forgets a timer')) this.#timers.push(setInterval(() => {}, 1_000).unref())
    if (this.#has('it forgets a listener')) process.on('SIGUSR2', this.#listener)
    const greeting = this.#keep(connect(portOf(greeter), '127.0.0.1').on('error', () => {}))
    if (!this.#has('a start that is called off keeps its connection')) ctx.defer(() => closed(greeting))
    await once(greeting, 'data', this.#has('it waits for a greeting') ? {} : { signal: ctx.signal })
    const gate = ctx.gate()
    const clients = new Set<Socket>()
    const server = createServer((socket) => this.#serve(socket, clients, gate.tryEnter()))
    const door: Door = { server, clients, greeting, isLooping: true, looping: Promise.resolve() }
    this.#doors.push(door)
    if (this.#has('it listens later than it says')) this.#timers.push(setTimeout(() => this.#listen(server), 20))
    else await this.#listen(server)
    door.looping = this.#loop(door)
    return door
  }

  async #listen(server: Server): Promise<void> {
    server.listen(0, '127.0.0.1')
    this.#keep(server)
    await once(server, 'listening')
  }

  #serve(socket: Socket, clients: Set<Socket>, permit: Permit | undefined): void {
    clients.add(this.#keep(socket))
    socket.on('error', () => {})
    socket.on('close', () => {
      clients.delete(socket)
      if (!this.#has('it forgets a permit')) permit?.release()
    })
    if (permit === undefined) return void socket.destroy()
    if (this.#has('it counts none of its work')) permit.release()
    socket.on('data', () => socket.end('pong'))
  }

  async #loop(door: Door): Promise<void> {
    while (door.isLooping) {
      this.#rounds += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async #drain(door: Door, { signal }: Context): Promise<void> {
    if (this.#has('it settles only when it is cut off') && !signal.aborted) await once(signal, 'abort')
    if (this.#has('its loop hears only of drains')) door.isLooping = false
    this.#isSettling = true
    await new Promise((resolve) => setImmediate(resolve))
    this.#isSettling = false
  }

  async #stop(door: Door): Promise<void> {
    if (this.#has('it closes while it settles') && this.#isSettling) throw new Error('already closing')
    if (this.#has('it listens later than it says')) for (const timer of this.#timers) clearTimeout(timer)
    const end = this.#end(door)
    if (!this.#has('it acknowledges a stop that goes on')) await end
  }

  async #end(door: Door): Promise<void> {
    if (this.#has('it acknowledges a stop that goes on')) await turns(10)
    if (!this.#has('its loop hears only of drains')) door.isLooping = false
    if (!this.#has('it waits for its clients')) for (const socket of door.clients) socket.destroy()
    if (door.server.listening) await new Promise((resolve) => door.server.close(resolve))
    if (!this.#has('its loop hears only of drains')) await door.looping
    await closed(door.greeting)
  }

  #keep<T extends Socket | Server>(resource: T): T {
    this.#open.add(resource)
    resource.on('close', () => this.#open.delete(resource))
    return resource
  }

  /** Ends what a flaw has left. */
  cleanUp(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    process.off('SIGUSR2', this.#listener)
    for (const door of this.#doors) door.isLooping = false
    for (const resource of this.#open) 'destroy' in resource ? resource.destroy() : resource.close()
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve))
}

const portOf = (server: Server): number => (server.address() as { port: number }).port

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return
  socket.destroy()
  await once(socket, 'close')
}

async function ask({ server }: Door): Promise<void> {
  if (!server.listening) throw new Error('nobody listens')
  const client = connect(portOf(server), '127.0.0.1')
  client.write('ping')
  const [answer] = await once(client, 'data')
  expect(String(answer)).toBe('pong')
  await closed(client)
}

async function connected({ server }: Door): Promise<void> {
  if (!server.listening) await once(server, 'listening')
  const accepted = once(server, 'connection')
  connect(portOf(server), '127.0.0.1')
    .on('error', () => {})
    .resume()
  await accepted
}

/** What one item says of a service: nothing, or what is wrong. */
async function complaint(says: string, flaw?: Flaw): Promise<string | undefined> {
  const bench = new Bench(flaw)
  try {
    await bench
      .items()
      .find((item) => item.says === says)
      ?.run()
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    bench.cleanUp()
  }
}

describe('a service that keeps the contract', () => {
  const bench = new Bench()
  const items = bench.items()
  afterAll(() => bench.cleanUp())

  test('is tried with every item', () => {
    expect(items.map(({ says }) => says)).toEqual(ITEMS)
  })

  for (const { says, run } of items) test(says, run)
})

describe('a service that breaks it is found by one item and no other', () => {
  test.each(Object.entries(FLAWS))('%s', async (flaw, [item, sentence]) => {
    const complaints: Record<string, string> = {}
    for (const says of ITEMS) {
      const said = await complaint(says, flaw as Flaw)
      if (said !== undefined) complaints[says] = said
    }
    expect(complaints).toEqual({ [item]: expect.stringMatching(sentence) })
  })
})

describe('without options', () => {
  test('what cannot be tried is left out', () => {
    const says = serviceContract(service('db', { start: () => 'pool' })).map((item) => item.says)
    expect(says).toEqual(ITEMS.filter((item) => item !== USABLE && item !== WAITS))
  })

  const failing = async (subject: Service, which: string): Promise<unknown> =>
    serviceContract(subject, { deadline: '200ms' })
      .find(({ says }) => says === which)
      ?.run()

  test('a service that does not start says why', async () => {
    const broken = service('db', { start: () => Promise.reject(new Error('no route to host')) })
    await expect(failing(broken, RELEASED)).rejects.toThrow(
      /^`db`: it did not start: .*no route to host.* \(when it was started for the first/,
    )
  })

  test('one that cannot be started again does too', async () => {
    let isTaken = false
    const once = service('db', {
      start: () => {
        if (isTaken) throw new Error('the port is taken')
        isTaken = true
      },
    })
    await expect(failing(once, RELEASED)).rejects.toThrow(/the port is taken.* \(when it was started again\)$/)
  })

  test('a run that ignores its signals is given up, and a kill shows why', async () => {
    let end = (): void => {}
    const deaf = service('deaf', {
      run: () =>
        new Promise<void>((resolve) => {
          end = resolve
        }),
    })
    await expect(failing(deaf, RELEASED)).rejects.toThrow(
      /^`deaf`: it was given up when it was started for the first time, after .*: its `run` had/,
    )
    end()
  })

  test('one that ends by itself has not been asked to stop', async () => {
    const brief = service('brief', { start: (ctx) => ctx.exit() })
    await expect(failing(brief, TOLD)).rejects.toThrow('"stop-requested" was told 0 times, "stopped" was told once')
  })

  test('one that fails in its stop says so', async () => {
    const failed = service('db', { start: () => 'pool', stop: () => Promise.reject(new Error('no such pool')) })
    await expect(failing(failed, TOLD)).rejects.toThrow('of a life that nobody disturbed "hook-failed" was told')
  })

  test('what is to be under way must come under way', async () => {
    const db = service('db', { start: () => 'pool' })
    const [item] = serviceContract(db, { deadline: '20ms', hang: () => new Promise(() => {}) }).filter(({ says }) => says === WAITS)
    await expect(item?.run()).rejects.toThrow('`hang` did not resolve within 20 ms')
  })

  test('an error of its own callbacks is told with its stack', async () => {
    const error = new TypeError('no such port')
    const db = service('db', { start: () => 'pool' })
    const [item] = serviceContract(db, { accept: () => Promise.reject(error) }).filter(({ says }) => says === TOLD)
    await expect(item?.run()).rejects.toMatchObject({ message: '`db`: `accept` failed: no such port', cause: error })
  })

  test('a deadline that is none', () => {
    expect(() => serviceContract(service('db', { start: () => 1 }), { deadline: 'soon' as '1s' })).toThrow('soon is not a duration')
  })
})

test('docs/review.md asks the same of people', () => {
  const text = readFileSync(join(ROOT, 'docs/review.md'), 'utf8')
  expect([...text.matchAll(/^\d+\. \*\*(.*)\.\*\*/gm)].map(([, sentence]) => sentence)).toEqual(
    ITEMS.map((item) => item.replace(/^./, (letter) => letter.toUpperCase())),
  )
})
