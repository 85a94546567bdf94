// What the platform sees of a daemon that is asked to leave while it is busy: a prober asks all the time, in every phase.
import { expect, test } from 'vitest'
import { type DaemonProcess, expectInOrder, reportOf, start } from '../support/daemon-process.js'

const TOKEN = 'swordfish'
const PATHS = ['/livez', '/readyz', '/startupz'] as const
const ROUNDS = 20

/** Asks for all probes again and again, until there is nobody to answer. */
class Prober {
  /** The answers by path, those that are the same in a row counted once. */
  readonly seen: Record<string, string[]> = { '/livez': [], '/readyz': [], '/startupz': [] }
  readonly over: Promise<void>
  #rounds = 0
  #waiting: { readonly until: number; readonly resolve: () => void }[] = []

  constructor(url: string) {
    this.over = this.#run(url)
  }

  /** Resolves when so many whole rounds have been asked from now on. */
  rounds(count: number): Promise<void> {
    // The one under way may have begun before now.
    const until = this.#rounds + 1 + count
    return new Promise((resolve) => this.#waiting.push({ until, resolve }))
  }

  async #run(url: string): Promise<void> {
    for (;;) {
      const answers = await Promise.allSettled(PATHS.map(async (path) => [path, await this.#ask(url + path)] as const))
      for (const answer of answers) {
        if (answer.status === 'rejected') return
        const [path, status] = answer.value
        const before = this.seen[path]
        if (before?.at(-1) !== status) before?.push(status)
      }
      this.#rounds += 1
      for (const { until, resolve } of this.#waiting) if (this.#rounds >= until) resolve()
    }
  }

  async #ask(url: string): Promise<string> {
    const response = await fetch(url)
    return `${response.status} ${((await response.json()) as { status: string }).status}`
  }
}

// Clients that ask as fast as they are answered, until they are refused; and some whose answers take as long as the test wants.
async function load(daemon: DaemonProcess): Promise<readonly Promise<unknown>[]> {
  const { url } = (await daemon.line('listening')) as unknown as { url: string }
  const client = async (): Promise<void> => {
    for (;;) await (await fetch(url)).text()
  }
  const held = Array.from({ length: 5 }, async () => await (await fetch(`${url}/held`)).text())
  for (let count = 0; count < 20; count += 1) client().catch(() => {})
  let taken = 0
  await daemon.line(({ msg }) => {
    if (msg === 'held') taken += 1
    return taken === held.length
  })
  return held
}

// A second signal within half a second would be a copy of the first.
async function endLameDuck(daemon: DaemonProcess): Promise<void> {
  const { time } = await daemon.line('drain started')
  await daemon.line((line) => line.msg === 'tick' && line.time - time > 520)
  daemon.signal('SIGTERM')
}

test.each([
  ['a signal', false],
  ['a prestop and then a signal', true],
])('%s under load: readiness goes once and for all, liveness and startup stay to the end', async (_, hasPrestop) => {
  const OPTIONS = JSON.stringify({ lameDuck: '15s', grace: '40s', probes: { port: 0 } })
  const daemon = start('busy-server', { env: { OPTIONS, QUIESCE_PRESTOP_TOKEN: TOKEN } })
  const url = await daemon.probes()
  await daemon.line('shop is ready')
  const held = await load(daemon)
  const prober = new Prober(url)
  await prober.rounds(ROUNDS)
  expect(prober.seen['/readyz']).toEqual(['200 ready'])

  const hook = hasPrestop ? fetch(`${url}/prestop`, { headers: { 'x-quiesce-token': TOKEN } }) : undefined
  if (hasPrestop) {
    await daemon.line('prestop: readiness 503')
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    await prober.rounds(ROUNDS)
  }
  daemon.signal('SIGTERM')
  await daemon.line('drain started')
  // Whoever can know of it sees it.
  expect((await fetch(`${url}/readyz`)).status).toBe(503)
  await prober.rounds(ROUNDS)
  await endLameDuck(daemon)
  await daemon.line('stopping the tree')
  expect((await hook)?.status).toBe(hasPrestop ? 200 : undefined)
  await prober.rounds(ROUNDS)
  daemon.tell('finish')
  expect(await Promise.all(held)).toEqual(Array(5).fill('done'))
  await prober.over
  expect(prober.seen).toEqual({
    '/livez': ['200 alive'],
    '/readyz': hasPrestop ? ['200 ready', '503 prestop', '503 stopping'] : ['200 ready', '503 stopping'],
    '/startupz': ['200 started'],
  })
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expectInOrder(lines, ['drain started', 'stopping the tree', 'shop/api: draining', 'shop/api: stopped', 'db closed'])
  expect(reportOf(lines)).toMatchObject({ clean: true, forceCancelled: 0 })
})
