// stop() awaited by code that the stop must wait for; and by code that it need not wait for.
import { createSystem, plainEnv, type System, service, supervisor } from 'quiesce'
import { describe, expect, test } from 'vitest'

/** A system whose service runs `job` as a request of its own. */
async function running(job: (system: System) => Promise<unknown>) {
  const worker = service('worker', { shutdown: '20s', start: () => ({}), requests: { job: () => job(system) } })
  const system: System = createSystem(supervisor('app', { children: [worker] })) as System
  await system.start()
  return { system, answer: (system as System).ref(worker).ask('job', undefined, { timeout: '1h' }) }
}

describe('stop() awaited inside', () => {
  test('a request resolves at once with the report so far; the request is still finished', async () => {
    const { system, answer } = await running(async (own) => {
      await new Promise((resolve) => setImmediate(resolve))
      const report = await own.stop({ reason: 'from inside' })
      return [report.complete, report.services.map(({ address, verdict }) => `${address} ${verdict}`)]
    })
    expect(await answer).toEqual([false, ['app stopping', 'app/worker stopping']])
    const report = await system.ended()
    expect(report).toMatchObject({ complete: true, clean: true, reason: 'from inside' })
  })

  test('a start hook resolves at once: the start is called off', async () => {
    let seen: boolean | undefined
    const self = service('self', {
      start: async () => {
        await Promise.resolve()
        seen = (await system.stop()).complete
      },
    })
    const system: System = createSystem(supervisor('app', { children: [self] })) as System
    await expect(system.start()).rejects.toMatchObject({ code: 'ERR_START' })
    expect((await system.ended()).complete).toBe(true)
    expect(seen).toBe(false)
  })

  test('a stop hook resolves at once with a stop that is under way already', async () => {
    let seen: boolean | undefined
    const self = service('self', {
      start: () => ({}),
      stop: async () => {
        seen = (await system.stop()).complete
      },
    })
    const system: System = createSystem(supervisor('app', { children: [self] })) as System
    await system.start()
    expect((await system.stop()).complete).toBe(true)
    expect(seen).toBe(false)
  })

  test('a service of another system waits for the end: that stop need not wait for it', async () => {
    const inner = createSystem(supervisor('inner', { children: [service('it', { start: () => ({}) })] }))
    await inner.start()
    const { system, answer } = await running(async () => (await inner.stop()).complete)
    expect(await answer).toBe(true)
    await system.stop()
  })

  test('nobody waits for the end', async () => {
    const { system, answer } = await running(async () => 'done')
    expect(await answer).toBe('done')
    expect((await system.stop()).complete).toBe(true)
  })

  test('is not told apart in an environment that keeps no track: there the deadline ends it', async () => {
    const self = service('self', {
      shutdown: 100,
      run: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        await system.stop()
      },
    })
    const system: System = createSystem(supervisor('app', { children: [self] }), { env: plainEnv }) as System
    await system.start()
    const report = await system.ended()
    expect(report.complete).toBe(true)
    expect(report.clean).toBe(false)
  })
})
