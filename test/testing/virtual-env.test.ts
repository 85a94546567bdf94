// Virtual time, by hand: it stands still until it is moved, walks deadlines in their order, and lets everything happen in between.
import { createSystem, service, supervisor } from 'quiesce'
import { describe, expect, test } from 'vitest'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

/** Timers that write down when they fire. */
function diary(env: VirtualEnv): { readonly lines: string[]; set(name: string, ms: number, then?: () => void): () => void } {
  const lines: string[] = []
  return {
    lines,
    set: (name, ms, then = () => {}) => {
      const timer = env.clock.after(
        ms,
        () => {
          lines.push(`${name} ${env.now}`)
          then()
        },
        true,
      )
      return () => timer.cancel()
    },
  }
}

describe('virtual time', () => {
  test('walks deadlines in their order, those of one moment as they were set, each at its own time', async () => {
    const env = new VirtualEnv({ startAt: 1_000 })
    const { lines, set } = diary(env)
    set('c', 30)
    set('a', 10)
    set('b', 10)
    set('never', Number.POSITIVE_INFINITY)
    set('cancelled', 20)()
    expect(env.pending()).toBe(3)
    expect(env.nextAt).toBe(1_010)
    await env.advance(25)
    expect([env.now, lines]).toEqual([1_025, ['a 1010', 'b 1010']])
    await env.advance(5)
    expect([env.now, lines.at(-1), env.pending(), env.nextAt]).toEqual([1_030, 'c 1030', 0, Number.POSITIVE_INFINITY])
  })

  test('lets promises and turns of the loop run before it goes on, and what they set takes its place', async () => {
    const env = new VirtualEnv()
    const { lines, set } = diary(env)
    set('late', 20)
    set('early', 10, () => {
      void Promise.resolve()
        .then(() => {})
        .then(() => env.yieldLoop(() => set('between', 5)))
    })
    await env.advance(100)
    expect(lines).toEqual(['early 10', 'between 15', 'late 20'])
  })

  test('goes from one deadline to the next, also only to those that keep a process alive', async () => {
    const env = new VirtualEnv()
    const { lines, set } = diary(env)
    env.clock.after(5, () => lines.push(`watch ${env.now}`))
    env.outside.after(7, () => lines.push(`fake ${env.now}`), true)
    set('own', 10)
    expect([env.pending(), env.pending('keep-alive'), env.pending('inside')]).toEqual([3, 2, 2])
    expect(await env.advanceToNext()).toBe(true)
    expect(lines).toEqual(['watch 5'])
    env.clock.after(1, () => lines.push(`watch ${env.now}`))
    expect(await env.advanceToNext('keep-alive')).toBe(true)
    expect(lines).toEqual(['watch 5', 'watch 6', 'fake 7'])
    expect(await env.advanceToNext('all', 9)).toBe(false)
    expect(env.now).toBe(7)
    await env.run()
    expect([env.now, env.pending()]).toEqual([10, 0])
    expect(await env.advanceToNext()).toBe(false)
  })

  test('runs until nothing keeps it going, and says so when that never is', async () => {
    const env = new VirtualEnv()
    const { set } = diary(env)
    const again = (): void => void set('again', 10, again)
    again()
    await expect(env.run(50)).rejects.toThrow('still not quiet after 50 deadlines, at 510 ms')
  })

  test('that was blocked fires late, in order', async () => {
    const env = new VirtualEnv()
    const { lines, set } = diary(env)
    set('a', 10)
    set('b', 20)
    env.block(1_000)
    expect(lines).toEqual([])
    await env.settle()
    expect(lines).toEqual([])
    await env.advance(0)
    expect(lines).toEqual(['a 1000', 'b 1000'])
  })

  test('one seed is one chance', () => {
    const drawn = (seed: number): number[] => Array.from({ length: 5 }, new VirtualEnv({ seed }).random)
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
  })
})

test('a system lives in it: hours of sleep, a back-off, a deadline', async () => {
  const env = new VirtualEnv()
  let rounds = 0
  const ticker = service('ticker', {
    run: async (ctx) => {
      for (;;) {
        await ctx.sleep('1h')
        rounds += 1
        if (rounds === 24) throw new Error('a day is enough')
      }
    },
  })
  const deaf = service('deaf', { shutdown: '3s', start: () => {}, stop: () => new Promise(() => {}) })
  const tree = supervisor('app', { backoff: { initial: '1m', jitter: 0 }, children: [deaf, ticker] })
  const system = createSystem(tree, { env })
  await system.start()
  await env.advance(24 * 3_600_000)
  expect([rounds, system.tree().children[1]?.status]).toEqual([24, 'backing-off'])
  await env.advance(60_000)
  expect(system.tree().children[1]?.status).toBe('ready')
  const stopped = system.stop()
  await env.run()
  expect((await stopped).tookMs).toBe(3_000)
  expect(env.pending()).toBe(0)
})
