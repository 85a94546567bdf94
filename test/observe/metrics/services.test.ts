// What services do, as a scraper sees it: real systems under virtual time, read by a parser that is not ours.
import { dynamicSupervisor, type gate, leader, type Service, service, supervisor } from 'quiesce'
import { memoryLease } from 'quiesce/lease/memory'
import { describe, expect, test } from 'vitest'
import { leaf, pending } from '../../tree/harness.js'
import { Scraped } from './rig.js'

describe('a life', () => {
  test('starts are counted and timed, stops are counted, who should be there is known', async () => {
    const stage = new Scraped(
      supervisor('shop', {
        children: [service('db', { start: () => new Promise((resolve) => stage.env.outside.after(30, () => resolve('db'))) }), leaf('api')],
      }),
    )
    const before = await stage.scrape()
    expect(before.byService('worker_started_total')).toEqual({ shop: 0, 'shop/db': 0, 'shop/api': 0 })
    expect(before.value('daemon_ready')).toBe(0)
    await stage.start()
    const running = await stage.scrape()
    expect(running.byService('worker_started_total')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
    expect(running.byService('worker_places')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
    expect(running.byService('worker_ready')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
    expect(running.value('worker_startup_seconds_sum', { service: 'shop/db' })).toBe(0.03)
    expect(running.value('worker_startup_seconds_bucket', { service: 'shop/db', le: '0.016' })).toBe(0)
    expect(running.value('worker_startup_seconds_bucket', { service: 'shop/db', le: '0.032' })).toBe(1)
    expect(
      running.samples.filter(({ name, labels }) => name.endsWith('startup_seconds_bucket') && labels['service'] === 'shop'),
    ).toHaveLength(16)
    expect(running.value('daemon_ready')).toBe(1)
    expect(running.sum('worker_stopped_total')).toBe(0)
    await stage.settled(stage.system.stop())
    const after = await stage.scrape()
    expect(after.byService('worker_stopped_total')).toEqual({ shop: 1, 'shop/db': 1, 'shop/api': 1 })
    expect(after.sum('worker_ready')).toBe(0)
    expect(after.value('daemon_ready')).toBe(0)
  })

  test('a crash, its restart, and work that was lost by it', async () => {
    const db = service('db', { start: (ctx) => ({ fail: ctx.fail, gate: ctx.gate({ capacity: 5 }) }) })
    const stage = await new Scraped(supervisor('shop', { children: [db], intensity: { max: 2, within: '5s' } })).start()
    expect((await stage.scrape()).value('supervisor_restarts_in_window')).toBe(0)
    const { handle } = stage.system.ref(db)
    handle.gate.tryEnter()
    handle.gate.tryEnter()
    expect((await stage.scrape()).value('worker_in_flight')).toBe(2)
    handle.fail(new Error('gone'))
    await stage.env.settle()
    const after = await stage.scrape()
    const ofDb = { service: 'shop/db' }
    expect(after.value('worker_crashes_total', ofDb)).toBe(1)
    expect(after.value('worker_crash_cancelled_total', ofDb)).toBe(2)
    expect(after.value('drain_force_cancelled_total', ofDb)).toBe(0)
    expect(after.value('worker_restarts_total', ofDb)).toBe(1)
    expect(after.value('worker_started_total', ofDb)).toBe(2)
    expect(after.value('worker_stopped_total', ofDb)).toBe(1)
    expect(after.value('worker_in_flight')).toBe(0)
    expect(after.byService('supervisor_restarts_in_window')).toEqual({ shop: 1 })
    expect(after.byService('supervisor_restart_limit')).toEqual({ shop: 2 })
    // The window is over, but a scraper that comes once a minute should have seen how high it was.
    await stage.env.advance(59_000)
    expect((await stage.scrape()).value('supervisor_restarts_in_window')).toBe(1)
    await stage.env.advance(2_000)
    expect((await stage.scrape()).value('supervisor_restarts_in_window')).toBe(0)
    // A crash is no drain.
    expect((await stage.scrape()).value('drain_duration_seconds_count', ofDb)).toBeUndefined()
    await stage.settled(stage.system.stop())
  })

  test('a supervisor that gives up; a start that fails', async () => {
    let isBroken = false
    const db = service('db', {
      start: (ctx) => {
        if (isBroken) throw new Error('no route')
        return ctx.fail
      },
    })
    const inner = supervisor('inner', { children: [db], intensity: { max: 1, within: '5s' } })
    const stage = await new Scraped(supervisor('shop', { children: [inner], intensity: { max: 1, within: '5s' } })).start()
    isBroken = true
    stage.system.ref(db).handle(new Error('gone'))
    await stage.settled(stage.system.ended())
    const after = await stage.scrape()
    expect(after.value('worker_crashes_total', { service: 'shop/inner/db' })).toBe(1)
    expect(after.value('worker_start_failures_total', { service: 'shop/inner/db' })).toBeGreaterThan(0)
    expect(after.byService('supervisor_gave_up_total')).toEqual({ shop: 1, 'shop/inner': 1 })
    expect(after.sum('worker_started_total') - after.sum('worker_stopped_total')).toBe(0)
  })

  test('health checks that are missed, and the crash that they lead to', async () => {
    let isWell = true
    const db = service('db', { start: () => 'db', health: { check: () => isWell, every: '1s', failures: 2 } })
    const stage = await new Scraped(supervisor('shop', { children: [db, leaf('plain')] })).start()
    // Who has no check has no samples about it.
    expect((await stage.scrape()).byService('worker_missed_pongs_total')).toEqual({ 'shop/db': 0 })
    isWell = false
    await stage.env.advance(1_500)
    expect((await stage.scrape()).byService('worker_missed_pongs_total')).toEqual({ 'shop/db': 1 })
    expect((await stage.scrape()).byService('worker_evictions_total')).toEqual({ 'shop/db': 0 })
    await stage.env.advance(1_000)
    isWell = true
    const after = await stage.scrape()
    expect(after.byService('worker_missed_pongs_total')).toEqual({ 'shop/db': 2 })
    expect(after.byService('worker_evictions_total')).toEqual({ 'shop/db': 1 })
    expect(after.value('worker_crashes_total', { service: 'shop/db' })).toBe(1)
    await stage.settled(stage.system.stop())
  })

  test('one that is given up has not stopped until its last hook has', async () => {
    const hanging = pending()
    const db = service('db', { start: () => 'db', stop: () => hanging.promise, shutdown: '1s' })
    const stage = await new Scraped(supervisor('shop', { children: [db] })).start()
    const stopped = stage.system.ref(db).restart()
    await stage.env.advance(5_000)
    await stopped
    const during = await stage.scrape()
    const ofDb = { service: 'shop/db' }
    expect(during.value('worker_abandoned_total', ofDb)).toBe(1)
    // Two run, one should: that is what the alert is about.
    expect(during.value('worker_started_total', ofDb)).toBe(2)
    expect(during.value('worker_stopped_total', ofDb)).toBe(0)
    expect(during.value('worker_places', ofDb)).toBe(1)
    // Nobody has crashed.
    expect(during.value('worker_restarts_total', ofDb)).toBe(0)
    hanging.resolve()
    await stage.env.settle()
    expect((await stage.scrape()).value('worker_stopped_total', ofDb)).toBe(1)
    await stage.settled(stage.system.stop())
  })
})

describe('admission', () => {
  test('in flight, waiting, capacity, and refusals by reason', async () => {
    const db = service('db', { start: (ctx) => ctx.gate({ capacity: 2, queue: 1 }) })
    const stage = await new Scraped(supervisor('shop', { children: [db, leaf('plain')] })).start()
    const { handle } = stage.system.ref(db)
    const permits = [handle.tryEnter(), handle.tryEnter()]
    const waiting = handle.enter()
    expect(handle.tryEnter()).toBeUndefined()
    await expect(handle.enter()).rejects.toThrow()
    const full = await stage.scrape()
    expect(full.byService('worker_in_flight')).toEqual({ 'shop/db': 2, 'shop/plain': 0 })
    expect(full.byService('worker_waiting')).toEqual({ 'shop/db': 1, 'shop/plain': 0 })
    expect(full.byService('worker_capacity')).toEqual({ 'shop/db': 2 })
    const refused = { service: 'shop/db', reason: 'at_capacity' }
    expect(full.value('worker_refusals_total', refused)).toBe(2)
    expect(full.value('worker_refusals_total', { ...refused, reason: 'draining' })).toBe(0)
    permits[0]?.release()
    const third = await waiting
    const ended = stage.system.stop()
    await stage.env.settle()
    handle.tryEnter()
    expect((await stage.scrape()).value('worker_refusals_total', { ...refused, reason: 'draining' })).toBe(1)
    permits[1]?.release()
    third.release()
    await stage.settled(ended)
    expect((await stage.scrape()).value('worker_refusals_total', refused)).toBe(2)
  })

  test('refusals of a place that was made anew are added to what was there', async () => {
    const db = service('db', { start: (ctx) => ctx.gate({ capacity: 1 }) })
    const stage = await new Scraped(supervisor('shop', { children: [] as Service[] })).start()
    const top = stage.system.ref('shop')
    for (const count of [1, 2, 3]) {
      await stage.settled(top.startChild(db))
      const { handle } = stage.system.ref(db)
      handle.tryEnter()
      handle.tryEnter()
      const refused = { service: 'shop/db', reason: 'at_capacity' }
      expect((await stage.scrape()).value('worker_refusals_total', refused)).toBe(count)
      await stage.settled(top.terminateChild('db'))
      await stage.settled(top.deleteChild('db'))
    }
    await stage.settled(stage.system.stop())
  })
})

describe('a drain', () => {
  test('what was in flight, how long it took, what was cut off: as the report says', async () => {
    const db = service('db', { start: (ctx) => ctx.gate(), shutdown: '1s' })
    const api = service('api', { start: (ctx) => ctx.gate(), shutdown: '2s' })
    const stage = await new Scraped(supervisor('shop', { children: [db, api] })).start()
    const ofDb = stage.system.ref(db).handle
    const ofApi = stage.system.ref(api).handle
    const finished = ofApi.tryEnter()
    for (let count = 0; count < 3; count += 1) ofDb.tryEnter()
    const stopping = stage.system.stop()
    await stage.env.advance(400)
    const during = await stage.scrape()
    expect(during.value('shutdown_elapsed_seconds')).toBe(0.4)
    expect(during.value('shutdown_budget_seconds')).toBe(25)
    expect(during.byService('drain_inflight_at_start')).toEqual({ 'shop/db': 0, 'shop/api': 1 })
    finished?.release()
    const report = await stage.settled(stopping)
    const after = await stage.scrape()
    expect(after.byService('drain_inflight_at_start')).toEqual({ 'shop/db': 3, 'shop/api': 1 })
    expect(after.byService('drain_duration_seconds_count')).toEqual({ 'shop/db': 1, 'shop/api': 1 })
    expect(after.value('drain_duration_seconds_sum', { service: 'shop/api' })).toBe(0.4)
    expect(after.byService('drain_force_cancelled_total')).toEqual({ 'shop/db': 3, 'shop/api': 0 })
    expect(after.byService('force_close_total')).toEqual({ 'shop/db': 1, 'shop/api': 0 })
    expect(after.sum('drain_force_cancelled_total')).toBe(report.forceCancelled)
    expect(after.sum('drain_inflight_at_start')).toBe(report.inFlight)
    expect(after.value('shutdown_elapsed_seconds')).toBeCloseTo(report.tookMs / 1_000, 3)
    expect(after.value('shutdown_phase_started_total', { phase: 'tree' })).toBe(1)
    expect(after.value('shutdown_phase_failed_total', { phase: 'tree' })).toBe(1)
    expect(after.value('shutdown_phase_duration_seconds_count', { phase: 'tree' })).toBe(1)
    expect(after.value('shutdown_phase_started_total', { phase: 'lame-duck' })).toBe(0)
  })

  test('edges are a phase of their own; a stop in order fails in none', async () => {
    const stage = await new Scraped(supervisor('shop', { children: [leaf('db'), leaf('api', { edge: true })] })).start()
    await stage.settled(stage.system.stop())
    const after = await stage.scrape()
    expect(after.value('shutdown_phase_started_total', { phase: 'edges' })).toBe(1)
    expect(after.value('shutdown_phase_duration_seconds_count', { phase: 'edges' })).toBe(1)
    expect(after.sum('shutdown_phase_failed_total')).toBe(0)
  })

  test('one that is killed is closed by force; a hook that throws is counted', async () => {
    const db = service('db', { start: () => 'db', stop: () => Promise.reject(new Error('half open')) })
    const api = service('api', { start: (ctx) => ctx.gate(), shutdown: 'brutal-kill' })
    const stage = await new Scraped(supervisor('shop', { children: [db, api] })).start()
    stage.system.ref(api).handle.tryEnter()
    await stage.settled(stage.system.stop())
    const after = await stage.scrape()
    expect(after.value('worker_hook_failures_total', { service: 'shop/db' })).toBe(1)
    expect(after.byService('force_close_total')).toEqual({ 'shop/db': 0, 'shop/api': 1 })
    expect(after.byService('drain_force_cancelled_total')).toEqual({ 'shop/db': 0, 'shop/api': 1 })
  })
})

describe('one of many', () => {
  const pool = dynamicSupervisor('sessions', {
    child: (capacity: number) =>
      service('session', {
        restart: 'temporary',
        start: (ctx) => ({ gate: ctx.gate({ capacity }), exit: ctx.exit }),
      }),
  })

  test('ten thousand children have the series of their supervisor', async () => {
    const stage = await new Scraped(supervisor('shop', { children: [pool, leaf('db')] })).start()
    const { handle } = stage.system.ref(pool)
    const first = await stage.settled(handle.start(2))
    const before = await stage.scrape()
    const rest = await stage.settled(Promise.all(Array.from({ length: 9_999 }, () => handle.start(2))))
    for (const { handle: session } of [first, ...rest]) {
      session.gate.tryEnter()
      session.gate.tryEnter()
      session.gate.tryEnter()
    }
    const full = await stage.scrape()
    expect(full.samples).toHaveLength(before.samples.length)
    const ofPool = { service: 'shop/sessions' }
    expect(full.value('worker_started_total', ofPool)).toBe(10_001)
    expect(full.value('worker_places', ofPool)).toBe(10_001)
    expect(full.value('worker_ready', ofPool)).toBe(10_001)
    expect(full.value('worker_in_flight', ofPool)).toBe(20_000)
    expect(full.value('worker_capacity', ofPool)).toBe(20_000)
    expect(full.value('worker_refusals_total', { ...ofPool, reason: 'at_capacity' })).toBe(10_000)
    expect(full.value('worker_startup_seconds_count', ofPool)).toBe(10_001)
    for (const { handle: session } of rest) session.exit()
    await stage.env.advance(6_000)
    const fewer = await stage.scrape()
    expect(fewer.value('worker_places', ofPool)).toBe(2)
    expect(fewer.value('worker_stopped_total', ofPool)).toBe(9_999)
    // Those who are gone have taken nothing with them.
    expect(fewer.value('worker_refusals_total', { ...ofPool, reason: 'at_capacity' })).toBe(10_000)
    await stage.settled(stage.system.stop())
  })

  test('what is below one of many counts there too, however deep, and is not lost when it goes', async () => {
    const rooms = dynamicSupervisor('rooms', {
      child: () =>
        supervisor('room', {
          restart: 'temporary',
          children: [
            service('chat', { start: (ctx) => ctx.gate({ capacity: 1 }) }),
            dynamicSupervisor('guests', { child: () => service('guest', { start: (ctx) => ctx.gate({ capacity: 1 }) }) }),
          ],
        }),
    })
    const stage = await new Scraped(supervisor('shop', { children: [rooms] })).start()
    const ofRooms = { service: 'shop/rooms' }
    for (let count = 1; count <= 3; count += 1) {
      const room = await stage.settled(stage.system.ref(rooms).handle.start(undefined))
      const at = room.address as never
      const chat = stage.system.ref(`${at}/chat` as never) as unknown as { handle: ReturnType<typeof gate> }
      const guests = stage.system.ref(`${at}/guests` as never) as unknown as {
        handle: { start(): Promise<{ handle: ReturnType<typeof gate> }> }
      }
      const guest = await stage.settled(guests.handle.start())
      for (const each of [chat.handle, guest.handle]) {
        each.tryEnter()
        expect(each.tryEnter()).toBeUndefined()
      }
      const full = await stage.scrape()
      expect(new Set(full.samples.flatMap(({ labels }) => labels['service'] ?? []))).toEqual(new Set(['shop', 'shop/rooms']))
      expect(full.value('worker_places', ofRooms)).toBe(5)
      expect(full.value('worker_in_flight', ofRooms)).toBe(2)
      expect(full.value('worker_refusals_total', { ...ofRooms, reason: 'at_capacity' })).toBe(2 * count)
      await stage.settled(stage.system.ref('shop/rooms').terminateChild(room.address.slice('shop/rooms/'.length)))
      const gone = await stage.scrape()
      expect(gone.value('worker_places', ofRooms)).toBe(1)
      expect(gone.value('worker_refusals_total', { ...ofRooms, reason: 'at_capacity' })).toBe(2 * count)
      // A supervisor's work is its children's: counted once.
      expect(gone.value('drain_duration_seconds_count', ofRooms)).toBe(2 * count)
      expect(gone.value('drain_force_cancelled_total', ofRooms)).toBe(2 * count)
    }
    await stage.settled(stage.system.stop())
  })

  test('a service that was taken out is shown once more, then no longer', async () => {
    const stage = await new Scraped(supervisor('shop', { children: [] as Service[] })).start()
    const top = stage.system.ref('shop')
    await stage.settled(top.startChild(leaf('db')))
    expect((await stage.scrape()).value('worker_started_total', { service: 'shop/db' })).toBe(1)
    await stage.settled(top.terminateChild('db'))
    await stage.settled(top.deleteChild('db'))
    const last = await stage.scrape()
    expect(last.value('worker_stopped_total', { service: 'shop/db' })).toBe(1)
    expect(last.value('worker_places', { service: 'shop/db' })).toBe(0)
    const next = await stage.scrape()
    expect(next.samples.filter(({ labels }) => labels['service'] === 'shop/db')).toEqual([])
    await stage.settled(stage.system.stop())
  })

  test('services by names of their own, thousands of them and nobody looks, leave nothing behind', async () => {
    const stage = await new Scraped(supervisor('shop', { children: [] as Service[] })).start()
    const top = stage.system.ref('shop')
    for (let count = 0; count < 1_000; count += 1) {
      await top.startChild(leaf(`job-${count}`))
      await top.terminateChild(`job-${count}`)
      await top.deleteChild(`job-${count}`)
    }
    await stage.scrape()
    const services = new Set((await stage.scrape()).samples.flatMap(({ labels }) => labels['service'] ?? []))
    expect(services).toEqual(new Set(['shop']))
    await stage.settled(stage.system.stop())
  })
})

describe('a leader', () => {
  test('its term, and what has happened to its leadership', async () => {
    const lease = memoryLease('jobs', { term: 41n })
    const jobs = leader('jobs', { lease, child: () => leaf('work') })
    const stage = await new Scraped(supervisor('shop', { children: [jobs] })).start()
    await stage.settled(stage.system.ref(jobs).promote())
    const ofJobs = { service: 'shop/jobs' }
    const leading = await stage.scrape()
    expect(leading.value('leader_leading', ofJobs)).toBe(1)
    expect(leading.value('leader_term', ofJobs)).toBe(42)
    expect(leading.value('leader_transitions_total', { ...ofJobs, transition: 'promoted' })).toBe(1)
    await stage.settled(stage.system.ref(jobs).stepDown())
    const after = await stage.scrape()
    expect(after.value('leader_leading', ofJobs)).toBe(0)
    expect(after.value('leader_term', ofJobs)).toBeUndefined()
    expect(after.value('leader_transitions_total', { ...ofJobs, transition: 'stepped_down' })).toBe(1)
    expect(after.value('leader_transitions_total', { ...ofJobs, transition: 'lease_lost' })).toBe(0)
    await stage.settled(stage.system.stop())
  })

  test('one whose store does not answer', async () => {
    const lease = memoryLease('jobs')
    const jobs = leader('jobs', { lease, child: () => leaf('work') })
    const stage = await new Scraped(supervisor('shop', { children: [jobs] })).start()
    await stage.settled(stage.system.ref(jobs).promote())
    const mute = (): Promise<never> => new Promise(() => {})
    Object.assign(lease, { read: mute, acquire: mute, renew: mute, release: mute })
    await stage.env.advance(60_000)
    const after = await stage.scrape()
    const ofJobs = { service: 'shop/jobs' }
    expect(after.value('leader_store_failures_total', ofJobs)).toBeGreaterThan(0)
    expect(after.value('leader_leading', ofJobs)).toBe(0)
    expect(after.value('leader_transitions_total', { ...ofJobs, transition: 'lease_lost' })).toBe(1)
    await stage.settled(stage.system.stop({ deadline: '5s' }))
  })
})
