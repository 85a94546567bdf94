// How long an idle connection is kept in normal life.
import type { ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { VirtualEnv } from '../../src/testing/virtual-env.ts'
import { RawClient } from './raw-client.ts'
import { deferred, serve, stoppedTime, turn } from './web.ts'

// What an uncaught error or a warning would be: Node tells of neither in the place where it comes from.
function complaints(): unknown[] {
  const heard: unknown[] = []
  const listener = (complaint: unknown): void => void heard.push(complaint)
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  return heard
}

test.each([
  ['without limit', { keepAlive: Number.POSITIVE_INFINITY }, undefined],
  ['as long as a balancer that has no limit', { balancerIdle: Number.POSITIVE_INFINITY }, undefined],
  ['longer than a timer of Node can', { keepAlive: '1000h' }, 3_600_000],
  ['hardly at all', { keepAlive: 0 }, undefined],
] as const)('pitfall 45: an idle connection is kept %s', async (_what, options, told) => {
  const heard = complaints()
  const { system, port, facts } = await serve(options)
  const client = await RawClient.connect(port)
  client.get()
  expect(/keep-alive: timeout=(\S+)/i.exec(await client.answers(1))?.[1]).toBe(told === undefined ? undefined : String(told))
  client.get()
  await client.answers(2)
  client.socket.destroy()
  await system.stop()
  expect(heard).toEqual([])
  expect(facts.filter(({ type }) => type === 'crashed')).toEqual([])
})

describe('an idle connection', () => {
  test('is ended when its time is over, not before, and one that is used begins anew', async () => {
    const { env, time } = stoppedTime()
    const { system, port } = await serve({ keepAlive: '8s' }, env)
    const [idle, used] = [await answered(port), await answered(port)]
    await passing(time, 6_000)
    used.get()
    await used.answers(2)
    await passing(time, 1_999)
    expect([idle.socket.readableEnded, used.socket.readableEnded]).toEqual([false, false])
    await passing(time, 2_001)
    await idle.ended
    expect(used.socket.readableEnded).toBe(false)
    await passing(time, 6_000)
    await used.ended
    expect(time.pending('keep-alive')).toBe(0)
    await system.stop()
  })

  test('is not one on which an answer is owed, nor one that is sending, nor one that was never used', async () => {
    const { env, time } = stoppedTime()
    const go = deferred()
    const handler = async (_req: unknown, res: ServerResponse): Promise<void> => {
      await go.promise
      res.end('late')
    }
    const { system, port, handle } = await serve({ keepAlive: '8s', handler }, env)
    const [busy, fresh] = [await RawClient.connect(port), await RawClient.connect(port)]
    busy.get()
    while (handle.inFlight === 0) await turn()
    await passing(time, 60_000)
    go.resolve()
    await busy.answers(1, 'late')
    for (let part = 0; part < 5; part += 1) {
      await passing(time, 7_000)
      busy.write(part === 0 ? 'GET / HTTP/1.1\r\n' : `X-Part-${part}: x\r\n`)
    }
    busy.write('Host: x\r\n\r\n')
    await busy.answers(2, 'late')
    expect([busy.socket.readableEnded, fresh.socket.readableEnded]).toEqual([false, false])
    busy.socket.destroy()
    fresh.socket.destroy()
    await system.stop()
  })
})

// A connection that has served a request.
async function answered(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  client.get()
  await client.answers(1)
  return client
}

// Real sockets get real turns of the loop for each piece of virtual time.
async function passing(time: VirtualEnv, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    for (let turns = 0; turns < 20; turns += 1) await turn()
    await time.advance(Math.min(left, 1_000))
  }
  for (let turns = 0; turns < 20; turns += 1) await turn()
}
