// Asking a service: refused before the attempt, answered, or rejected with the reason; never left waiting.
import { createSystem, service, supervisor } from 'quiesce'
import { describe, expect, test } from 'vitest'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

const never = new Promise<never>(() => {})
const boom = new Error('boom')

async function started() {
  const env = new VirtualEnv()
  const held: (() => void)[] = []
  const it = service('it', {
    restart: 'temporary',
    start: (ctx) => ({ fail: ctx.fail }),
    requests: {
      double: (_handle, n: number) => n * 2,
      later: (_handle, n: number) => new Promise<number>((resolve) => held.push(() => resolve(n))),
      never: () => never,
      throws: () => {
        throw boom
      },
      rejects: () => Promise.reject(boom),
      abandons: (_handle, caller: AbortController) => {
        caller.abort(boom)
        return never
      },
      diesAndRejects: (handle) => {
        handle.fail(boom)
        return Promise.reject(new Error('nobody asks for this any more'))
      },
      dies: (handle) => {
        handle.fail(boom)
        return never
      },
    },
  })
  const system = createSystem(supervisor('shop', { children: [it] }), { env })
  await system.start()
  return { env, held, system, ref: system.ref(it) }
}

describe('an ask', () => {
  test('that is answered at once arms no timer', async () => {
    const { env, ref } = await started()
    expect(await ref.ask('double', 21)).toBe(42)
    expect(env.pending()).toBe(0)
  })

  test('that is answered later leaves no timer behind', async () => {
    const { env, held, ref } = await started()
    const answer = ref.ask('later', 1, { timeout: '1s' })
    expect(env.pending()).toBe(1)
    held[0]?.()
    expect(await answer).toBe(1)
    expect(env.pending()).toBe(0)
  })

  test('rejects at its deadline, and a late reply is dropped', async () => {
    const { env, held, ref } = await started()
    const answer = ref.ask('later', 1, { timeout: 100 }).catch((error: unknown) => error)
    await env.advance(100)
    expect(await answer).toMatchObject({ code: 'ERR_ASK_TIMEOUT', address: 'shop/it', timeoutMs: 100 })
    held[0]?.()
    expect(ref.status).toBe('ready')
  })

  test('rejects with what the request throws or rejects with, and the service goes on', async () => {
    const { ref } = await started()
    await expect(ref.ask('throws', undefined)).rejects.toBe(boom)
    await expect(ref.ask('rejects', undefined)).rejects.toBe(boom)
    expect(ref.status).toBe('ready')
  })

  test('rejects when its signal is aborted, before and while it waits', async () => {
    const { ref } = await started()
    await expect(ref.ask('double', 1, { signal: AbortSignal.abort(boom) })).rejects.toBe(boom)
    const controller = new AbortController()
    const answer = ref.ask('never', undefined, { signal: controller.signal })
    controller.abort(boom)
    await expect(answer).rejects.toBe(boom)
  })

  test('rejects when the request itself aborts its signal', async () => {
    const { env, ref } = await started()
    const caller = new AbortController()
    await expect(ref.ask('abandons', caller, { signal: caller.signal })).rejects.toBe(boom)
    expect(env.pending()).toBe(0)
  })

  test('takes a rejection that comes after the request has ended its service', async () => {
    const { ref } = await started()
    // Were it not taken, it would be an unhandled rejection, which fails the whole run.
    await expect(ref.ask('diesAndRejects', undefined)).rejects.toMatchObject({ code: 'ERR_TARGET_EXITED', cause: boom })
  })

  test('rejects with the exit when the target ends, also in the middle of the request', async () => {
    const one = await started()
    const answer = one.ref.ask('never', undefined)
    one.ref.kill()
    await expect(answer).rejects.toMatchObject({ code: 'ERR_TARGET_EXITED', cause: 'killed' })
    const other = await started()
    await expect(other.ref.ask('dies', undefined)).rejects.toMatchObject({ code: 'ERR_TARGET_EXITED', cause: boom })
    expect(other.env.pending()).toBe(0)
  })

  test('is in flight until it is answered, so a stop waits for it; a new one is refused', async () => {
    const { held, system, ref } = await started()
    const answer = ref.ask('later', 7)
    const stopped = system.stop()
    await expect(ref.ask('double', 1)).rejects.toMatchObject({ code: 'ERR_DRAINING' })
    held[0]?.()
    expect(await answer).toBe(7)
    expect((await stopped).inFlight).toBe(1)
    await expect(ref.ask('double', 1)).rejects.toMatchObject({ code: 'ERR_NOT_READY' })
  })
})
