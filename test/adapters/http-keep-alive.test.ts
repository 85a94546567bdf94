// How long an idle connection is kept in normal life, at the ends of what may be written.
import { expect, onTestFinished, test } from 'vitest'
import { RawClient } from './raw-client.ts'
import { serve, turn } from './web.ts'

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
  ['longer than a timer of Node can', { keepAlive: '1000h' }, 2_147_482],
  ['not at all', { keepAlive: 0 }, 0],
] as const)('pitfall 45: an idle connection is kept %s', async (_what, options, told) => {
  const heard = complaints()
  const { system, port, facts } = await serve(options)
  const client = await RawClient.connect(port)
  client.get()
  expect(/keep-alive: timeout=(\S+)/i.exec(await client.answers(1))?.[1]).toBe(told === undefined ? undefined : String(told))
  // When the answer is finished Node sets the socket's timer.
  for (let turns = 0; turns < 5; turns += 1) await turn()
  client.get()
  await client.answers(2)
  client.socket.destroy()
  await system.stop()
  expect(heard).toEqual([])
  expect(facts.filter(({ type }) => type === 'crashed')).toEqual([])
})
