// A daemon with an HTTP server under `run`, and what its end has to show whatever its clients do: nothing is reset that was owed an
// answer, nothing is left, and no stop takes longer than it may.
import { expect, onTestFinished } from 'vitest'
import type { Report } from '../../src/policy/report.js'
import { RawClient } from '../adapters/raw-client.js'
import { type DaemonProcess, type Ended, expectInOrder, reportOf, start } from './daemon-process.js'

// What a process may take to die after the last line of its own.
const DYING_MS = 1_000

/** How the server is set up; durations as the fixture's options take them. */
export interface EdgeSettings {
  readonly grace?: string
  readonly env?: Readonly<Record<string, string>>
  readonly fixture?: string
  readonly group?: boolean
  readonly shell?: string
}

/** What came of a stop. */
export interface EdgeEnd extends Ended {
  readonly report: Report
  /** From the signal to the end of the process. */
  readonly tookMs: number
}

/** The daemon `edge-server`, ready. */
export async function startEdge({ grace, env, fixture = 'edge-server', ...how }: EdgeSettings = {}): Promise<EdgeDaemon> {
  const OPTIONS = JSON.stringify(grace === undefined ? {} : { grace })
  const daemon = start(fixture, { ...how, env: { OPTIONS, ...env } })
  const { url } = (await daemon.line('listening')) as unknown as { url: string }
  await daemon.line('shop is ready')
  return new EdgeDaemon(daemon, url)
}

/** A daemon that serves HTTP. */
export class EdgeDaemon {
  readonly daemon: DaemonProcess
  readonly url: string
  readonly #readers = new Map<string, number>()
  #signalledAt: number | undefined

  constructor(daemon: DaemonProcess, url: string) {
    this.daemon = daemon
    this.url = url
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** A connection of its own. */
  async connect(options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const client = await RawClient.connect(this.port, options)
    onTestFinished(() => void client.socket.destroy())
    return client
  }

  /** A connection on which `path` has been asked for, and the handler called. */
  async ask(path: string, headers = ''): Promise<RawClient> {
    const client = await this.connect()
    client.get(path, headers)
    await this.taken(path)
    return client
  }

  /** Resolves when the handler has been called for `path` once more than the last time. */
  async taken(path: string): Promise<void> {
    const count = (this.#readers.get(path) ?? 0) + 1
    this.#readers.set(path, count)
    let seen = 0
    await this.daemon.line(({ msg, url }) => {
      if (msg === 'taken' && url === path) seen += 1
      return seen === count
    })
  }

  /** Resolves when what was sent so far has been read: a later connection has been served. */
  async caughtUp(): Promise<void> {
    const client = await this.connect()
    client.get('/quick', 'Connection: close\r\n')
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1\.1 200 /)
  }

  /** Sends the signal and resolves when the drain has begun. */
  async signal(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.began()
    this.daemon.signal(name)
    await this.draining()
  }

  /** The time from here on counts. */
  began(): void {
    this.#signalledAt ??= performance.now()
  }

  /** The time that has passed since then. */
  get sinceBegan(): number {
    return performance.now() - (this.#signalledAt ?? 0)
  }

  /** Resolves when the server has been told to drain. */
  async draining(): Promise<void> {
    await this.daemon.line(({ msg, service }) => msg === 'draining' && service === 'shop/api')
  }

  async ended(): Promise<EdgeEnd> {
    const ended = await this.daemon.exited
    return { ...ended, report: reportOf(ended.lines), tookMs: this.sinceBegan }
  }
}

/** Expects that everything stopped as asked, and nobody was cut off: exit 0 unless said otherwise. */
export function expectKept(ended: EdgeEnd, code = 0): void {
  expectWhole(ended, { code })
  expect(ended.stderr).toBe('')
  const { report } = ended
  expect(report).toMatchObject({ clean: true, forceCancelled: 0, totals: { acked: 2, failed: 0, killed: 0, abandoned: 0 } })
  expect(report.services.map(({ address, forced, verdict }) => [address, forced, verdict])).toEqual([
    ['shop', false, 'acked'],
    ['shop/db', false, 'acked'],
    ['shop/api', false, 'acked'],
  ])
}

/** How a server was cut off. */
export interface CutOff {
  /** Which one. Default: the api. */
  readonly server?: string
  /** How many requests lost their answer. */
  readonly requests: number
  readonly graceMs: number
  /** What handlers leave behind that do not listen to their signal. */
  readonly left?: readonly string[]
}

/** Expects that the server was cut off, that everything closed in order all the same, within the grace, and that this is told: exit 3. */
export function expectCutOff(ended: EdgeEnd, { server = 'shop/api', requests, graceMs, left = [] }: CutOff): void {
  expectWhole(ended, { code: 3, left })
  const { report, tookMs } = ended
  expect(report).toMatchObject({ clean: false, forceCancelled: requests, totals: { failed: 0, killed: 0, abandoned: 0 } })
  expect(report.services.filter(({ kind, forced }) => kind === 'service' && forced).map(({ address }) => address)).toEqual([server])
  expect(report.tookMs).toBeLessThanOrEqual(graceMs)
  expect(tookMs).toBeLessThan(graceMs + DYING_MS)
}

/** Expects one stop from its beginning to its end, in order, with this exit code, and nothing left open that nobody knows of. */
export function expectWhole(
  { code, signal, lines }: EdgeEnd,
  expected: { readonly code: number; readonly left?: readonly string[] },
): void {
  expect({ code, signal }).toEqual({ code: expected.code, signal: null })
  expectInOrder(lines, ['drain started', 'readiness 503', 'shop/api: draining', 'shop/api: stopped', 'db closed', 'shop/db: stopped'])
  expect(lines.filter(({ msg }) => msg === 'drain started')).toHaveLength(1)
  expect(lines.find(({ msg }) => msg.startsWith('still open'))?.['left'] ?? []).toEqual(expected.left ?? [])
}
