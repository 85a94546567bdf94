// What one service has gone through, read off the facts of real systems.
import { describe, expect, test } from 'vitest'
import { dynamicSupervisor, type Service, service, supervisor } from '../../src/index.js'
import { FactList } from '../../src/observe/picture/fact-list.js'
import { Picture } from '../../src/observe/picture/picture.js'
import { livesOf } from '../../src/observe/picture/restart-history.js'
import { unfinished } from '../../src/observe/picture/unfinished.js'
import { StagedDaemon } from '../inspect/staged-daemon.js'
import { pending } from '../tree/harness.js'

function recorded(daemon: StagedDaemon<Service>): { readonly facts: FactList; readonly picture: Picture } {
  const facts = new FactList()
  const [first] = daemon.frames
  const picture = Picture.of(first as Extract<typeof first, { type: 'state' }>)
  for (const frame of daemon.frames) {
    if (frame.type === 'fact') {
      facts.add(frame)
      picture.apply(frame.fact, frame.seq)
    }
    if (frame.type === 'gauges') picture.measure(frame)
  }
  return { facts, picture }
}

describe('lives', () => {
  test('each with how it ended, the chain of causes and what its supervisor did', async () => {
    const db = service('db', { start: (ctx) => ctx, requests: {} })
    const daemon = await new StagedDaemon(() => supervisor('shop', { children: [db], backoff: { initial: '1s', jitter: 0 } })).start()
    const { handle } = daemon.system.ref(db)
    handle.fail(new TypeError('no socket', { cause: new Error('no route') }))
    await daemon.advance(2_000)
    const { facts } = recorded(daemon as never)
    const [second, first] = livesOf(facts, 'shop/db', Number.POSITIVE_INFINITY)
    expect(first).toMatchObject({
      incarnation: 1,
      exit: 'crash',
      causes: ['TypeError: no socket', 'no route'],
      waitMs: 1_000,
      restart: { count: 1 },
    })
    expect(second).toMatchObject({ incarnation: 2, exit: undefined, startedAt: 1_000, causes: [] })
  })

  test('of one that was restarted with its group name the one that began it', async () => {
    const db = service('db', { start: (ctx) => ctx })
    const api = service('api', { uses: { db }, start: () => 'api' })
    const daemon = await new StagedDaemon(() => supervisor('shop', { children: [db, api] })).start()
    daemon.system.ref(db).handle.fail(new Error('no socket'))
    await daemon.advance(100)
    const [, first] = livesOf(recorded(daemon as never).facts, 'shop/api', Number.POSITIVE_INFINITY)
    expect(first).toMatchObject({ exit: 'shutdown', causes: ['restarted with shop/db', 'no socket'] })
  })

  test('of one that did not start say why; what it held when it was ended by force is told', async () => {
    let attempts = 0
    const flaky = service('flaky', {
      shutdown: 100,
      start: (ctx) => {
        attempts += 1
        if (attempts === 2) throw new Error('port taken')
        return ctx
      },
      stop: () => new Promise(() => {}),
    })
    const daemon = await new StagedDaemon(() => supervisor('shop', { children: [flaky] })).start()
    daemon.system.ref(flaky).handle.fail(new Error('lost'))
    await daemon.advance(5_000)
    const lives = livesOf(recorded(daemon as never).facts, 'shop/flaky', Number.POSITIVE_INFINITY)
    expect(lives.map(({ exit }) => exit)).toEqual([undefined, 'start-failed', 'crash'])
    expect(lives[1]?.causes).toEqual(['port taken'])
    expect(lives[2]).toMatchObject({ verdict: 'abandoned', held: { hooks: ['stop'] } })
  })
})

describe('who is not done yet', () => {
  test('those who hold it up come first, with what they wait for; the others wait for their turn', async () => {
    const closing = pending()
    const db = service('db', { start: () => 'db', stop: () => closing.promise })
    const api = service('api', { uses: { db }, edge: true, start: (ctx) => ctx.gate() })
    const daemon = await new StagedDaemon(() => supervisor('shop', { children: [db, api] })).start()
    const permits = [1, 2].map(() => daemon.system.ref(api).handle.tryEnter())
    void daemon.system.stop({ reason: 'test', deadline: 10_000 })
    await daemon.advance(300)
    const words = (): string[] =>
      unfinished(recorded(daemon as never).picture).map(({ node, why, isActive }) => `${node.address} ${isActive}: ${why}`)
    expect(words()).toEqual(['shop/api true: waiting for 2 in flight', 'shop/db false: after shop/api, which uses it'])
    for (const permit of permits) permit?.release()
    await daemon.advance(250)
    expect(words()).toEqual(['shop/db true: closing what it holds'])
    closing.resolve()
    await daemon.advance(250)
    expect(words()).toEqual([])
  })
})

test('children that come and go at run time are in the picture while they are there', async () => {
  const sessions = dynamicSupervisor('sessions', {
    child: (name: string) => service('session', { restart: 'temporary', start: (ctx) => ({ ctx, name }) }),
  })
  const daemon = await new StagedDaemon(() => supervisor('shop', { children: [sessions] })).start()
  const shown = (): string[] => [...recorded(daemon as never).picture.childrenOf('shop/sessions')]
  const { handle } = daemon.system.ref(sessions)
  const [ann] = await Promise.all([handle.start('ann'), handle.start('bob')])
  expect(shown()).toEqual(['shop/sessions/session@1', 'shop/sessions/session@2'])
  ann.handle.ctx.exit()
  await daemon.advance(10)
  expect(shown()).toEqual(['shop/sessions/session@2'])
  await daemon.stop('test', 1_000)
  expect(shown()).toEqual([])
})
