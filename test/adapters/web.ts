// One HTTP server in a system of its own, for tests: started on 127.0.0.1 at a free port, with its facts kept.
import { createSystem, type Env, type Fact, type HandleOf, plainEnv, type Report, type Service, type System, supervisor } from 'quiesce'
import { type HttpHandle, type HttpHandlerOptions, httpServer } from 'quiesce/http'
import { onTestFinished } from 'vitest'
import { VirtualEnv } from '../../src/testing/virtual-env.ts'

export interface Web {
  readonly system: System
  readonly web: Service<HttpHandle>
  readonly handle: HandleOf<Service<HttpHandle>>
  readonly port: number
  readonly url: string
  readonly facts: Fact[]
}

/** Starts a server as the only service of a system. */
export async function serve(options: Partial<HttpHandlerOptions> = {}, env: Env = plainEnv): Promise<Web> {
  const handler: HttpHandlerOptions['handler'] = (_req, res) => void res.end('hello')
  return start(httpServer('web', { host: '127.0.0.1', handler, ...options }), env)
}

/** Starts a system around a server. */
export async function start(web: Service<HttpHandle>, env: Env = plainEnv): Promise<Web> {
  const system = createSystem(supervisor('app', { children: [web] }), { env }) as System
  const facts: Fact[] = []
  system.on((fact) => facts.push(fact))
  await system.start()
  const { handle } = system.ref(web)
  return { system, web, handle, port: handle.port, url: handle.url, facts }
}

/** Real input and output, but time that moves only when the test says so. */
export function stoppedTime(): { readonly env: Env; readonly time: VirtualEnv } {
  const time = new VirtualEnv()
  return { env: { ...plainEnv, clock: time.clock }, time }
}

/** Lets time pass in small steps until the promise settles; answers how much it took. */
export async function passUntil(time: VirtualEnv, promise: Promise<unknown>, step = 10): Promise<number> {
  const from = time.now
  let settled = false
  const done = promise.finally(() => {
    settled = true
  })
  while (!settled) {
    // Real sockets get real turns of the loop for each piece of virtual time.
    for (let turns = 0; turns < 20 && !settled; turns += 1) await turn()
    if (!settled) await time.advance(step)
  }
  await done
  return time.now - from
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What the report says of the server. */
export function endingOf(report: Report): Report['services'][number] {
  const found = report.services.find(({ address }) => address === 'app/web')
  if (found === undefined) throw new Error('no app/web in the report')
  return found
}

export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((onResolve) => {
    resolve = onResolve
  })
  return { promise, resolve }
}

/** The next error that nobody catches, and what `see` says at that moment. The test runner does not hear of it. */
export function nextUncaught(see: () => unknown): Promise<[error: unknown, seen: unknown]> {
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  })
  return new Promise((resolve) => process.once('uncaughtException', (error) => resolve([error, see()])))
}
