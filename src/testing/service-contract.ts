// The review of a service's handshakes as tests of it: one sentence an item, each an answer to "what happens when …". docs/review.md is
// the same list for people.
import { AssertionError } from 'node:assert'
import { type Duration, parseDuration } from '../base/duration.js'
import type { HandleOf, Service } from '../tree/definition.js'
import { Contract } from './contract.js'

/** What the contract must know of a service to test it. */
export interface ContractOptions<S extends Service> {
  /** What it uses, in start order: real ones or fakes. */
  readonly uses?: readonly Service[]
  /** Uses the handle as its users would; must not fail once the service has said that it is started. What it asks for is over within `deadline`. */
  readonly use?: (handle: HandleOf<S>) => unknown
  /** Whether all that it had acquired is released. */
  readonly isReleased?: () => boolean | PromiseLike<boolean>
  /** Has it do something whose other side never answers; resolves when that is under way. */
  readonly hang?: (handle: HandleOf<S>) => unknown
  /** For a service that takes in work from outside: brings it work that goes on until it is cut off; resolves when that is accepted. */
  readonly accept?: (handle: HandleOf<S>) => unknown
  /** Lets the other side fall silent: one can still connect to it, and it answers nothing. Returns what lets it speak again. */
  readonly silence?: () => () => unknown
  /** How often its loops have gone round so far. */
  readonly rounds?: () => number
  /** How long a stop may take in these tests. Default 2 s. */
  readonly deadline?: Duration
}

/** One item of the contract: a sentence and its test. */
export interface ContractItem {
  readonly says: string
  /** @throws AssertionError that says how the service breaks it. */
  run(): Promise<void>
}

/**
 * The contract of a service, item by item: for `test(says, run)` of any test runner, one after another. It runs in real time, with the
 * service's real resources, and never restarts it. The item about use is left out without `use`, the one about waits without `hang` and
 * `silence`; the more of the options are given, the more the others see.
 *
 * @throws TypeError when `deadline` is not a duration.
 *
 * @example
 * ```ts
 * import { service } from 'quiesce'
 * import { serviceContract } from 'quiesce/testing'
 *
 * const open = new Set<object>()
 * const db = service('db', {
 *   start: () => {
 *     const pool = {}
 *     open.add(pool)
 *     return pool
 *   },
 *   stop: async (pool) => void open.delete(pool),
 * })
 * const items = serviceContract(db, { use: (pool) => open.has(pool), isReleased: () => open.size === 0 })
 * // With vitest or node:test: `for (const { says, run } of items) test(says, run)`.
 * for (const { run } of items) await run()
 * console.log(items[0]?.says) // it is usable as soon as it has said that it is started
 * ```
 */
export function serviceContract<S extends Service>(subject: S, options: ContractOptions<S> = {}): ContractItem[] {
  const { use, hang, silence, deadline = '2s' } = options
  const deadlineMs = parseDuration(deadline)
  if (deadlineMs === undefined) throw new TypeError(`${String(deadline)} is not a duration`)
  const contract = new Contract(subject, { ...(options as ContractOptions<Service>), uses: options.uses ?? [], deadlineMs })
  const items: readonly (ContractItem & { readonly isLeftOut?: boolean })[] = [
    { says: 'it is usable as soon as it has said that it is started', run: () => contract.usable(), isLeftOut: use === undefined },
    {
      says: 'it says that it has stopped only when all that it acquired is released, and can then be started again',
      run: () => contract.released(),
    },
    { says: 'asked twice to stop, it stops once, and the second request only hurries it', run: () => contract.stoppedTwice() },
    {
      says: 'asked to stop while it starts, it gives up the start and releases what it has acquired so far',
      run: () => contract.stoppedWhileStarting(),
    },
    {
      says: 'every wait of it ends in time when the other side never answers',
      run: () => contract.unanswered(),
      isLeftOut: hang === undefined && silence === undefined,
    },
    { says: 'no loop of it goes on after its signal is aborted', run: () => contract.loops() },
    { says: 'it leaves nothing behind: no timer, no handle, no listener', run: () => contract.nothingLeft() },
    { says: 'both ends of each of its handshakes are logged and counted, once each', run: () => contract.told() },
  ]
  return items.flatMap(({ says, run, isLeftOut }) => (isLeftOut === true ? [] : [{ says, run: () => told(subject.id, run) }]))
}

// Whose contract it is, in the message itself: the title of a test may not say so. An error of the user's own code keeps its stack.
async function told(id: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error))
    const broken = new AssertionError({ message: `\`${id}\`: ${message}` })
    throw Object.assign(broken, error instanceof AssertionError ? cause !== undefined && { cause } : { cause: error })
  }
}
