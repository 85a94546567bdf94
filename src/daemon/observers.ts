// The observers of one daemon as one: attached before anything starts, asked and told in the order in which they were given. One that
// throws is told to the log and left out of that one thing; it harms neither the daemon nor the others. Those that cannot live together,
// since two of them answer the same route, are an error of whoever wrote them down.
import type { Inside } from '../base/env.js'
import { SpecError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { logError } from '../base/log-error.js'
import type { Attachment, Observed, Observer, Route, Routes } from '../observe/observer.js'
import { inTime } from './in-time.js'
import { PROBE_ROUTES } from './probes.js'

/** The attached observers. */
export class Observers {
  readonly #attached: { readonly name: string; readonly attachment: Attachment }[] = []
  readonly #log: Log

  /** @throws SpecError when one of them says so, or when two answer the same route. None is attached then. */
  constructor(observers: readonly Observer[], observed: Observed) {
    this.#log = observed.log
    const problems: string[] = []
    for (const observer of observers) {
      const attachment = this.#guard(observer.name, 'attach', () => attach(observer, observed, problems))
      if (attachment !== undefined) this.#attached.push({ name: observer.name, attachment })
    }
    problems.push(...this.#clashes('probes', PROBE_ROUTES), ...this.#clashes('admin', []))
    if (problems.length === 0) return
    this.close()
    throw new SpecError(problems)
  }

  /** Their routes of one kind. */
  routes(kind: 'probes' | 'admin'): Routes {
    const routes = new Map<string, Route>()
    for (const { attachment } of this.#attached) for (const [path, route] of attachment[kind] ?? []) routes.set(path, route)
    return routes
  }

  // One line for two observers, however many routes they have in common.
  #clashes(kind: 'probes' | 'admin', ofTheDaemon: readonly string[]): string[] {
    const owners = new Map(ofTheDaemon.map((route) => [route, 'the daemon itself']))
    const shared = new Map<string, string[]>()
    for (const { name, attachment } of this.#attached) {
      for (const route of attachment[kind]?.keys() ?? []) {
        const owner = owners.get(route)
        const both = `${owner} and ${name}`
        if (owner === undefined) owners.set(route, name)
        else shared.set(both, [...(shared.get(both) ?? []), `\`${route}\``])
      }
    }
    return [...shared].map(
      ([both, routes]) => `observers: ${both} both answer ${routes.join(', ')}. Leave one of them out, or let it answer elsewhere`,
    )
  }

  /** The path of the first page for people. */
  get page(): string | undefined {
    return this.#attached.find(({ attachment }) => attachment.page !== undefined)?.attachment.page
  }

  /** What a line of the log about a service should carry besides. Undefined when nobody has anything to add, ever. */
  get fields(): ((address: string) => object) | undefined {
    const those = this.#attached.filter(({ attachment }) => attachment.fields !== undefined)
    if (those.length === 0) return undefined
    return (address) =>
      Object.assign({}, ...those.map(({ name, attachment }) => this.#guard(name, 'fields', () => attachment.fields?.(address))))
  }

  /** The context of a service's hooks, the last observer's innermost. Undefined when none of them cares, ever. */
  get inside(): ((address: string) => Inside | undefined) | undefined {
    const those = this.#attached.filter(({ attachment }) => attachment.inside !== undefined)
    if (those.length === 0) return undefined
    return (address) => {
      let all: Inside | undefined
      for (const { name, attachment } of those) {
        const outer = all
        const inner = this.#guard(name, 'inside', () => attachment.inside?.(address))
        if (inner !== undefined) all = outer === undefined ? inner : (fn) => outer(() => inner(fn))
      }
      return all
    }
  }

  /** The last values of their counters; undefined when they count nothing. */
  counters(): Readonly<Record<string, number>> | undefined {
    const those = this.#attached.filter(({ attachment }) => attachment.counters !== undefined)
    if (those.length === 0) return undefined
    return Object.assign({}, ...those.map(({ name, attachment }) => this.#guard(name, 'counters', () => attachment.counters?.())))
  }

  /** Whether a scraper may come at the end. */
  get isScraped(): boolean {
    return this.#attached.some(({ attachment }) => attachment.scraped !== undefined)
  }

  /** Resolves when every scraper has what it came for, or the time is over, or somebody hurries; true only for the first. */
  async scraped(limitMs: number, hurried: AbortSignal): Promise<boolean> {
    const calledOff = new Promise<void>((resolve) => hurried.addEventListener('abort', () => resolve(), { once: true }))
    const isOver = await this.#all('scraped', limitMs, (attachment) => Promise.race([attachment.scraped?.(), calledOff]))
    return isOver && !hurried.aborted
  }

  /** Resolves when all have handed on what they held, or the time is over; false when one of them has not. */
  async flush(limitMs: number): Promise<boolean> {
    return await this.#all('flush', limitMs, (attachment) => attachment.flush?.(limitMs))
  }

  close(): void {
    for (const { name, attachment } of this.#attached) this.#guard(name, 'close', () => attachment.close?.())
  }

  async #all(what: string, limitMs: number, ask: (attachment: Attachment) => Promise<void> | void): Promise<boolean> {
    const waiting = new Set<string>()
    let hasFailed = false
    let isLate = false
    const asked = this.#attached.map(async ({ name, attachment }) => {
      waiting.add(name)
      try {
        await ask(attachment)
      } catch (error) {
        // Nobody waits any more, and that has been said.
        if (isLate) return
        hasFailed = true
        this.#log.warn({ observer: name, ...logError(error) }, `${what} of ${name} failed`)
      }
      waiting.delete(name)
    })
    const isOver = await inTime(limitMs, Promise.all(asked))
    isLate = true
    if (!isOver)
      this.#log.warn({ waiting: [...waiting], limitMs }, `${what} of ${[...waiting].join(', ')} was not over within ${limitMs} ms`)
    return isOver && !hasFailed
  }

  #guard<T>(name: string, what: string, fn: () => T): T | undefined {
    try {
      return fn()
    } catch (error) {
      this.#log.error({ observer: name, ...logError(error) }, `${what} of the observer ${name} threw; the daemon goes on without it`)
      return undefined
    }
  }
}

function attach(observer: Observer, observed: Observed, problems: string[]): Attachment | undefined {
  try {
    return observer.attach(observed)
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
