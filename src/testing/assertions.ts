// Assertions about a run, for any test runner: each throws an error whose message says, in the user's own addresses, what happened
// instead.
import { AssertionError } from 'node:assert'
import { type Duration, formatMs, parseDuration } from '../base/duration.js'
import { explainStop } from '../observe/report/explain-stop.js'
import type { Report } from '../policy/report.js'
import { type Moment, Trace } from './moments.js'

/** What a matcher answers, in the shape that vitest, jest and others understand. */
export interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** Whether these stopped in this order; others may have stopped in between. */
function stopsInOrder(run: Trace | Report, addresses: readonly string[]): Verdict {
  const order = run instanceof Trace ? run.stopOrder : stopOrderOf(run, addresses)
  const missing = addresses.filter((address) => !order.includes(address))
  const seen = order.filter((address) => addresses.includes(address))
  const pass = missing.length === 0 && seen.every((address, at) => address === addresses[at])
  return {
    pass,
    message: () => {
      if (missing.length > 0) return `${list(missing)} never stopped; these did: ${list(order)}`
      if (pass) return `expected another order than ${list(addresses)}, they stopped as ${list(seen)}`
      return `expected ${list(addresses)}, they stopped as ${list(seen)}. Who must stop first must name the other in its \`uses\``
    },
  }
}

/** Whether the first `a` came before the first `b`. */
function happensBefore(trace: Trace, a: Moment, b: Moment): Verdict {
  const pass = trace.isBefore(a, b)
  return { pass, message: () => `"${a}" came at ${trace.at(a)} ms, ${pass ? 'before' : 'after'} "${b}" at ${trace.at(b)} ms` }
}

/** Whether all acknowledged, nothing was cut off and nothing failed. */
function isClean(report: Report): Verdict {
  return { pass: report.clean, message: () => `the stop was ${report.clean ? '' : 'not '}clean: ${explainStop(report)}${remarks(report)}` }
}

/** Whether a stop kept the promised upper bound: never an exact time, since machines differ. */
function endsWithin(report: Report, budget: Duration): Verdict {
  const budgetMs = parseDuration(budget)
  if (budgetMs === undefined) throw new TypeError(`${String(budget)} is not a duration`)
  const pass = report.tookMs <= budgetMs
  return {
    pass,
    message: () => `the stop took ${formatMs(report.tookMs)} of ${formatMs(budgetMs)}: ${explainStop(report)}${remarks(report)}`,
  }
}

// More than so many are not read.
const TOLD = 5

// What to put right, with the numbers, and what was thrown meanwhile: a line each.
function remarks({ warnings, errors }: Report): string {
  const lines = [...warnings.map(({ text }) => text), ...errors.map(({ address, message }) => `\`${address}\` failed: ${message}`)]
  const more = lines.length > TOLD ? [`and ${lines.length - TOLD} more`] : []
  return [...lines.slice(0, TOLD), ...more].map((line) => `\n- ${line}`).join('')
}

/**
 * Asserts that these stopped in this order; others may have stopped in between.
 * @throws AssertionError that shows the order in which they did.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { expectStopOrder, simulate } from 'quiesce/testing'
 *
 * const db = service('db', { start: () => ({}) })
 * const api = service('api', { uses: { db }, start: () => ({}) })
 * const { trace } = await simulate(supervisor('shop', { children: [db, api] }))
 * expectStopOrder(trace, ['shop/api', 'shop/db'])
 * console.log(trace.stopOrder) // [ 'shop/api', 'shop/db', 'shop' ]
 * ```
 */
export function expectStopOrder(run: Trace | Report, addresses: readonly string[]): void {
  demand(stopsInOrder(run, addresses))
}

/**
 * Asserts that the first `a` came before the first `b`.
 * @throws AssertionError with both times, RangeError when one of them never happened.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { expectBefore, simulate } from 'quiesce/testing'
 *
 * const db = service('db', { start: () => ({}), stop: () => {} })
 * const api = service('api', { uses: { db }, start: () => ({}) })
 * const { trace } = await simulate(supervisor('shop', { children: [db, api] }))
 * expectBefore(trace, 'shop/api stopped', 'shop/db stop()')
 * console.log(trace.count('shop/db stop()')) // 1
 * ```
 */
export function expectBefore(trace: Trace, a: Moment, b: Moment): void {
  demand(happensBefore(trace, a, b))
}

/**
 * Asserts that a stop was clean: all acknowledged, nothing cut off, nothing failed.
 * @throws AssertionError that says what went wrong.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { expectClean, simulate } from 'quiesce/testing'
 *
 * const { report } = await simulate(supervisor('shop', { children: [service('db', { start: () => ({}) })] }))
 * expectClean(report)
 * console.log(report.totals.acked) // 1
 * ```
 */
export function expectClean(report: Report): void {
  demand(isClean(report))
}

/**
 * Asserts that a stop kept the promised upper bound: never an exact time, since machines differ.
 * @throws AssertionError that says what the time went into.
 *
 * @example
 * ```ts
 * import { service, supervisor } from 'quiesce'
 * import { expectWithin, simulate } from 'quiesce/testing'
 *
 * const hung = service('hung', { shutdown: '2s', start: () => ({}), stop: () => new Promise(() => {}) })
 * const { report } = await simulate(supervisor('shop', { children: [hung] }))
 * expectWithin(report, '2s')
 * console.log(report.totals.abandoned) // 1
 * ```
 */
export function expectWithin(report: Report, budget: Duration): void {
  demand(endsWithin(report, budget))
}

/**
 * The types of the matchers. For vitest: `declare module 'vitest' { interface Matchers<T> extends RunMatchers<T> {} }`, in a file that
 * imports vitest.
 */
export interface RunMatchers<R = unknown> {
  /** Of a trace or a report: these stopped in this order; others may have stopped in between. */
  toStopInOrder(addresses: readonly string[]): R
  /** Of a trace: the first `a` came before the first `b`. */
  toHappenBefore(a: Moment, b: Moment): R
  /** Of a report: all acknowledged, nothing cut off, nothing failed. */
  toBeClean(): R
  /** Of a report: the stop kept the promised upper bound. */
  toEndWithin(budget: Duration): R
}

/**
 * The same assertions as matchers: `expect.extend(matchers)` in vitest or jest. With `node:test` use the functions.
 */
export const matchers = {
  toStopInOrder: (run: Trace | Report, addresses: readonly string[]): Verdict => stopsInOrder(run, addresses),
  toHappenBefore: (trace: Trace, a: Moment, b: Moment): Verdict => happensBefore(trace, a, b),
  toBeClean: (report: Report): Verdict => isClean(report),
  toEndWithin: (report: Report, budget: Duration): Verdict => endsWithin(report, budget),
}

function demand({ pass, message }: Verdict): void {
  if (!pass) throw new AssertionError({ message: message(), stackStartFn: demand })
}

// A report knows moments, and who waited for whom. What it cannot tell apart counts as in the order that is asked for.
function stopOrderOf({ services }: Report, addresses: readonly string[]): string[] {
  const waitedFor = new Map(services.map((service) => [service.address, service.waitedFor]))
  const waits = (address: string): number => {
    const other = waitedFor.get(address)
    return other === undefined ? 0 : 1 + waits(other)
  }
  const place = (address: string): number => addresses.indexOf(address)
  return services
    .flatMap(({ address, stoppedAtMs }) => (stoppedAtMs === undefined ? [] : [{ address, stoppedAtMs }]))
    .sort((a, b) => a.stoppedAtMs - b.stoppedAtMs || waits(a.address) - waits(b.address) || place(a.address) - place(b.address))
    .map(({ address }) => address)
}

function list(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'nobody' : addresses.map((address) => `\`${address}\``).join(', ')
}
