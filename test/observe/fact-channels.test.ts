// Facts on diagnostics channels: for whoever subscribes, whenever that is; nothing is built for nobody.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { createSystem } from '../../src/daemon/create-system.js'
import { run } from '../../src/daemon/run.js'
import type { Fact } from '../../src/protocol/fact.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { service } from '../../src/tree/service.js'
import { supervisor } from '../../src/tree/supervisor.js'
import { buildSystem, type System } from '../../src/tree/system.js'

const tree = () => supervisor('app', { children: [service('db', { start: () => 'db' })] })

/** What is published under a name, as `type address`, until the test is over. */
function heardOn(name: string): string[] {
  const heard: string[] = []
  const listener = (message: unknown): void => {
    const { type, address } = message as Fact
    heard.push(`${type} ${address}`)
  }
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
  return heard
}

/** How often a life asks for the time: each fact that a service tells of its start does once more. */
async function lifeOf(make: (env: VirtualEnv) => System, onReady: () => void = () => {}): Promise<number> {
  const env = new VirtualEnv()
  let asked = 0
  const { now, after } = env.clock
  const counted = (): number => {
    asked += 1
    return now()
  }
  Object.assign(env, { clock: { now: counted, after } })
  const system = make(env)
  void system.start()
  await env.settle()
  onReady()
  void system.stop()
  await env.settle()
  return asked
}

const plain = (env: VirtualEnv): System => buildSystem(tree(), env)
const published = (env: VirtualEnv): System => createSystem(tree(), { env })

test('who subscribes after the start hears the stop', async () => {
  let heard: string[] = []
  await lifeOf(published, () => {
    heard = heardOn('quiesce:fact')
  })
  expect(heard[0]).toBe('shutdown-started app')
  expect(heard).toContain('stopped app/db')
})

test('each kind has a name of its own, and only that is built', async () => {
  const before = await lifeOf(published)
  const heard = heardOn('quiesce:fact:started')
  expect(await lifeOf(published)).toBe(before + 2)
  expect(heard).toEqual(['started app/db', 'started app'])
})

test('while nobody subscribes, and when nobody does any more, no fact is built', async () => {
  const built = await lifeOf(plain)
  expect(await lifeOf(published)).toBe(built)
  const listener = (): void => {}
  subscribe('quiesce:fact', listener)
  expect(await lifeOf(published)).toBeGreaterThan(built)
  unsubscribe('quiesce:fact', listener)
  expect(await lifeOf(published)).toBe(built)
})

test('a daemon publishes too', async () => {
  const heard = heardOn('quiesce:fact:phase-started')
  const stop = new AbortController()
  await run(tree(), { signal: stop.signal, log: false, probes: false, admin: false, marker: false, onReady: () => stop.abort() })
  expect(heard[0]).toBe('phase-started app')
})
