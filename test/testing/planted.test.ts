// A daemon of three services and the bugs that are written most, one at a time: each is found by the tool that docs/testing.md names
// for it, in the daemon's own addresses, with what to do. Without a bug nothing is found.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type Service, service, supervisor } from 'quiesce'
import {
  expectClean,
  expectStopOrder,
  LawBroken,
  leakCheck,
  type Resource,
  resource,
  runs,
  type Simulation,
  simulate,
} from 'quiesce/testing'
import { describe, expect, test } from 'vitest'

type Bug = 'none' | 'does not wait' | 'forgets a permit' | 'ignores its signal' | 'is declared in the wrong place' | 'leaves a timer'

const HOUR_MS = 3_600_000
const HOUR = { script: [{ does: 'advance', ms: HOUR_MS } as const] }

/** What a bug has set going and a test must end. */
class Office {
  readonly #bug: Bug
  readonly #timers: NodeJS.Timeout[] = []
  #isOver = false

  constructor(bug: Bug) {
    this.#bug = bug
  }

  tree(): Service {
    // Reached past its back, by who does not name it in `uses`.
    let open: Resource | undefined
    const store = service('store', {
      start: (ctx) => {
        open = resource(ctx)
        return open
      },
      stop: (it) => it.close(),
    })
    const isMisplaced = this.#has('is declared in the wrong place')
    const mailer = service('mailer', {
      uses: isMisplaced ? {} : { store },
      edge: true,
      start: (ctx) => {
        const gate = ctx.gate({ capacity: 3 })
        const connection = resource(ctx, { uses: isMisplaced ? [] : [ctx.uses.store as Resource] })
        const send = async (): Promise<void> => {
          const permit = gate.tryEnter()
          await ctx.sleep('100ms')
          if (!this.#has('forgets a permit')) permit?.release()
        }
        return { connection, send }
      },
      stop: ({ connection }) => {
        if (isMisplaced) open?.use()
        const closed = connection.close()
        return this.#has('does not wait') ? undefined : closed
      },
    })
    const poller = service('poller', {
      uses: { mailer },
      run: async (ctx) => {
        if (this.#has('leaves a timer')) this.#timers.push(setInterval(() => {}, 1_000))
        while (!ctx.draining.aborted) {
          await ctx.uses.mailer.send()
          await ctx.sleep('1m').catch(() => {})
        }
        while (this.#has('ignores its signal') && !this.#isOver) await sleep(1)
      },
    })
    return supervisor('office', { children: isMisplaced ? [mailer, store, poller] : [store, mailer, poller] })
  }

  #has(bug: Bug): boolean {
    return this.#bug === bug
  }

  end(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearInterval(timer)
  }
}

/** What is said of a bug: by laws on random runs, by assertions about one, and by what is left. */
async function findings(
  bug: Bug,
): Promise<{ readonly law: string; readonly order: string; readonly clean: string; readonly left: string }> {
  const office = new Office(bug)
  const tree = (): Service => office.tree()
  const every = fc.asyncProperty(runs(tree), async (run) => void (await simulate(tree, run)))
  const { errorInstance } = await fc.check(every, { numRuns: 100, seed: 3 })
  if (errorInstance !== null && !(errorInstance instanceof LawBroken)) throw errorInstance
  office.end()
  const other = new Office(bug)
  const check = leakCheck({ settle: 0 })
  const run = await simulate(() => other.tree(), { ...HOUR, laws: [] })
  const left = await said(() => check.expectNone())
  other.end()
  const [law = ''] = errorInstance?.message.split('\n\n') ?? []
  return { law, order: await said(() => inOrder(run)), clean: await said(() => expectClean(run.report)), left }
}

async function said(asserts: () => unknown): Promise<string> {
  try {
    await asserts()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const inOrder = ({ trace }: Simulation): void => expectStopOrder(trace, ['office/poller', 'office/mailer', 'office/store'])

describe('a bug of a daemon is found', () => {
  test('none: then nothing is', async () => {
    expect(await findings('none')).toEqual({ law: '', order: '', clean: '', left: '' })
  })

  test('a stop that does not wait: by the laws, with a resource', async () => {
    const { law } = await findings('does not wait')
    expect(law).toMatch(/^L14 is broken at \d+ ms: `office\/mailer` said at \d+ ms that it had stopped, and it was still open\n/)
    expect(law).toMatch(/\nClose it in `stop` and await that/)
  })

  test('a permit that is never given back: in a run in which work was done', async () => {
    const { clean } = await findings('forgets a permit')
    expect(clean).toMatch(/^the stop was not clean: .*`office\/mailer` .* waiting for 3 in flight until they were cut off\n/)
    expect(clean).toMatch(/\n- `office\/mailer` did not finish .* \(3 permits still held\)\. .* release each permit in a `finally`\.$/)
  })

  test('a loop that ignores its signal: in any run', async () => {
    const { clean } = await findings('ignores its signal')
    expect(clean).toMatch(/^the stop was not clean: .*`office\/poller` .* closing until it was given up/)
    expect(clean).toMatch(/\n- `office\/poller` did not stop .* \(its run had not ended\)\. .* end its work on `ctx\.signal`\.$/)
  })

  test('a wrong order: by who stopped when, and by the laws, with a resource', async () => {
    const { law, order } = await findings('is declared in the wrong place')
    expect(order).toBe(
      'expected `office/poller`, `office/mailer`, `office/store`, they stopped as `office/poller`, `office/store`, `office/mailer`. Who must stop first must name the other in its `uses`',
    )
    expect(law).toMatch(/^L16 is broken at \d+ ms: `office\/store` was used .*at \d+ ms, after it had been closed at \d+ ms/)
    expect(law).toMatch(/\nDeclare in `uses` what it works with/)
  })

  test('a timer that is left behind: by a leak check, with the line that made it', async () => {
    const { left } = await findings('leaves a timer')
    expect(left).toMatch(/^left behind: Timeout \(made at test[\\/]testing[\\/]planted\.test\.ts:\d+\)/)
  })
})
