// Leading: what a promotion does and waits for, what a term is good for, how it ends.
import {
  createSystem,
  type Lease,
  LeaseLostError,
  leader,
  type Service,
  SpecError,
  StaleTermError,
  StoreRefusedError,
  service,
  supervisor,
} from 'quiesce'
import { localLease } from 'quiesce/lease/local'
import { memoryLease } from 'quiesce/lease/memory'
import { describe, expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.ts'
import { Election } from './rig.ts'

const V = 14_400

describe('a promotion', () => {
  test('seals what can be sealed, recovers after that, and starts its child last', async () => {
    const election = new Election()
    const order: string[] = []
    await election.join('one', {
      child: (term) => {
        term.registerFence({ name: 'ledger', seal: ({ token }) => void order.push(`sealed for ${Number(token)}`) })
        return service('work', {
          start: () => {
            order.push('started')
            return { term }
          },
        })
      },
      recover: ({ checkpoint, previous }) => void order.push(`recovered ${checkpoint} ${previous?.term}`),
    })
    expect(order).toEqual(['sealed for 1', 'recovered undefined undefined', 'started'])
  })

  test('is given what the leader before has passed on', async () => {
    const election = new Election()
    const first = await election.join('one', { checkpoint: () => 'at 42' })
    const seen: unknown[] = []
    await election.join('other', { recover: ({ checkpoint, previous }) => void seen.push(checkpoint, previous?.reason, previous?.drained) })
    await election.settled(first.system.stop())
    await election.time.advance(1_000)
    expect(seen).toEqual(['at 42', 'stop', true])
  })

  test('is given no checkpoint that is no text', async () => {
    const election = new Election()
    const first = await election.join('one', { checkpoint: (async () => 'at 42') as never })
    const seen: unknown[] = []
    await election.join('other', { recover: ({ checkpoint, previous }) => void seen.push(checkpoint, previous?.drained) })
    await election.settled(first.system.stop())
    await election.time.advance(1_000)
    expect(seen).toEqual([undefined, true])
  })

  test('that fails is a fact, gives the lease back, and is tried again', async () => {
    const election = new Election()
    let attempts = 0
    const { told, facts, handle } = await election.join('one', {
      recover: () => {
        attempts += 1
        if (attempts === 1) throw new Error('the ledger is locked')
      },
    })
    await election.time.advance(5_000)
    expect(told).toEqual(['promoting 1', 'promotion-failed 1', 'stepped-down 1', 'promoting 2', 'promoted 2'])
    expect(facts.find((fact) => fact.type === 'promotion-failed')).toMatchObject({
      phase: 'recovering',
      error: new Error('the ledger is locked'),
    })
    expect(handle.term).toBe(2n)
  })

  describe('after a leader that ended without a word', () => {
    /** How long its promotion takes, in milliseconds. */
    async function promotionMs(options: Parameters<Election['join']>[1]): Promise<number> {
      const election = new Election()
      const { lease } = election
      const { signal } = new AbortController()
      const { version } = await lease.read(signal)
      const candidate = { id: 'gone', incarnation: 'gone' }
      await lease.acquire({ candidate, leaseMs: 1_000, version, watchedOut: false, notAfterMs: undefined }, signal)
      const { facts } = await election.join('one', options)
      await election.time.advance(30_000)
      const at = (type: string): number => facts.find((fact) => fact.type === type)?.at ?? Number.NaN
      return at('promoted') - at('promoting')
    }
    const fenced: Parameters<Election['join']>[1] = {
      child: (term) => {
        term.registerFence({ name: 'ledger', seal: () => {} })
        return service('work', { start: () => ({ term }) })
      },
    }

    test('waits where no fence is registered', async () => {
      expect(await promotionMs({})).toBe(3_000)
      expect(await promotionMs({ takeoverGrace: '7s' })).toBe(7_000)
    })

    test('does not wait where one is, whatever else is written to, unless its recovery does', async () => {
      expect(await promotionMs(fenced)).toBe(0)
      expect(await promotionMs({ ...fenced, takeoverGrace: '7s' })).toBe(0)
      expect(await promotionMs({ ...fenced, recover: (_, ctx) => ctx.sleep('5s') })).toBe(5_000)
    })
  })

  test('whose fence could never be sealed is refused what it does: too late, or no fence', async () => {
    const election = new Election()
    const thrown: unknown[] = []
    const attempt = (register: () => void): void => {
      try {
        register()
      } catch (error) {
        thrown.push((error as Error).message)
      }
    }
    await election.join('one', {
      child: (term) => {
        attempt(() => term.registerFence({ name: 'archive' } as never))
        return service('work', {
          start: () => {
            attempt(() => term.registerFence({ name: 'ledger', seal: () => {} }))
            return { term }
          },
        })
      },
    })
    expect(thrown).toEqual([
      'one/jobs: the fence archive of term 1 has no function `seal` that tells the resource of the term.',
      'one/jobs: the fence ledger of term 1 was registered after the child was made: nothing would seal it. Register it in `child`, before that returns.',
    ])
  })

  test('that fails until its deadline is rejected with what failed', async () => {
    const election = new Election()
    const { handle } = await election.join('one', {
      recover: ({ term }) => {
        throw new Error(`the ledger is locked, said to term ${term.value}`)
      },
    })
    const promoted = handle.promote({ deadline: '5s' })
    await expect(election.settled(promoted)).rejects.toMatchObject({
      phase: 'recovering',
      message: expect.stringMatching(/one\/jobs was not promoted, while recovering: the ledger is locked, said to term \d$/),
    })
  })

  test('that is awaited by what the tree waits for says so', async () => {
    const { time, lease } = new Election()
    const jobs = leader('jobs', { lease, child: (term) => service('work', { start: () => ({ term }) }) })
    const eager = service('eager', { uses: { jobs }, start: ({ uses }) => uses.jobs.promote({ deadline: '1s' }) })
    const system = createSystem(supervisor('app', { children: [jobs, eager] }), { env: time })
    const started = system.start()
    const failed = expect(started).rejects.toThrow(
      'app/jobs was not promoted, while idle: it stands for election once the whole tree has started; what is awaited in a `start` keeps',
    )
    await time.advance(1_000)
    await failed
  })

  test('whose child is gone before it leads is given back: nobody is harmed by it', async () => {
    const election = new Election()
    const brief = () => service('work', { run: async () => {}, restart: 'temporary' }) as unknown as Service<never>
    const { told } = await election.join('one', { child: brief })
    await election.time.advance(1_000)
    expect(told).toEqual(['promoting 1', 'promoted 1', 'stepping-down 1', 'stepped-down 1'])
  })

  test('that goes on while the whole tree begins to stop ends with the step that it is at, and is not tried again', async () => {
    const election = new Election()
    const { lease, time } = election
    const recovered = deferred<void>()
    const jobs = leader('jobs', { lease, recover: () => recovered.promise, child: () => service('work', { start: () => ({}) }) })
    const stop = (): Promise<unknown> => new Promise((resolve) => time.outside.after(10_000, () => resolve(undefined)))
    const slow = service('slow', { uses: { jobs }, shutdown: '20s', start: () => 1, stop })
    const system = createSystem(supervisor('app', { children: [jobs, slow] }), { env: time })
    const told: string[] = []
    system.on((fact) => {
      if ('term' in fact) told.push(fact.type)
    })
    await system.start()
    await time.settle()
    const stopped = system.stop()
    await time.advance(1_000)
    recovered.resolve()
    expect((await election.settled(stopped)).clean).toBe(true)
    expect(told).toEqual(['promoting', 'stepped-down'])
  })

  test.each([
    ['nothing', () => undefined, 'undefined'],
    ['a promise of one', async () => service('work', { start: () => 1 }), 'an object'],
  ])('whose child is %s fails before anything is sealed or recovered', async (_what, child, shown) => {
    const election = new Election()
    const touched: string[] = []
    const { facts } = await election.join('one', {
      child: (term) => {
        term.registerFence({ name: 'ledger', seal: () => void touched.push('sealed') })
        return child() as never
      },
      recover: () => void touched.push('recovered'),
    })
    await election.time.advance(5_000)
    expect(facts.find(({ type }) => type === 'promotion-failed')).toMatchObject({
      phase: 'preparing',
      error: new TypeError(`\`child\` made ${shown}, which is no service; make it with service(…)`),
    })
    expect(touched).toEqual([])
  })

  test('whose child cannot be made fails too', async () => {
    const election = new Election()
    const { told } = await election.join('one', {
      child: () => {
        throw new Error('no such table')
      },
    })
    expect(told.slice(0, 3)).toEqual(['promoting 1', 'promotion-failed 1', 'stepped-down 1'])
  })

  test('that is stopped while it recovers gives the lease back when that has settled, not before', async () => {
    const election = new Election()
    const recovered = deferred<void>()
    const signals: boolean[] = []
    const { system, told } = await election.join('one', {
      recover: async ({ term }) => {
        term.signal.addEventListener('abort', () => signals.push(true))
        await recovered.promise
      },
    })
    const stopped = system.stop()
    await election.time.advance(500)
    expect([told, signals]).toEqual([['promoting 1'], [true]])
    recovered.resolve()
    expect((await election.settled(stopped)).clean).toBe(true)
    expect(told).toEqual(['promoting 1', 'stepped-down 1'])
  })
})

describe('a term', () => {
  test('is renewed, and good for its validity from the last renewal on', async () => {
    const election = new Election()
    const { handle } = await election.join('one')
    const { term } = handle.get()
    expect([term.value, term.token, term.signal.aborted]).toEqual([1n, '00000000000000000001', false])
    await election.time.advance(3_600_000)
    expect(handle.term).toBe(1n)
    expect(term.remainingMs()).toBeGreaterThan(V - 3_600)
    expect(() => term.assert(V - 3_600)).not.toThrow()
    expect(() => term.assert(V + 1)).toThrow(StaleTermError)
    expect(() => term.assert(20_000)).toThrow(/one\/jobs must not act in term 1: \d+ ms are left, 20000 ms are needed\./)
  })

  test('is over by the clock alone: nothing that was stopped for a while acts in it, though no timer has fired yet', async () => {
    const election = new Election()
    const { handle } = await election.join('one')
    const { term } = handle.get()
    election.time.block(15_000)
    expect(() => term.assert()).toThrow('one/jobs must not act in term 1: it is over.')
    await expect(term.run('write', () => 'written')).rejects.toThrow(StaleTermError)
    expect(handle.leading).toBe(false)
  })

  test('is over when time has passed that its clock did not count', async () => {
    const election = new Election()
    const { handle, told } = await election.join('one')
    const { term } = handle.get()
    election.time.ahead += 60_000
    expect(() => term.assert()).toThrow(StaleTermError)
    await election.time.settle()
    expect(told).toEqual(['promoting 1', 'promoted 1', 'lease-lost 1'])
    expect(term.signal.reason).toBeInstanceOf(LeaseLostError)
  })

  test('is not given back while guarded work runs', async () => {
    const election = new Election()
    const { handle, told, facts } = await election.join('one')
    const written = deferred<void>()
    const run = handle.get().term.run('write', () => written.promise)
    const stepped = handle.stepDown()
    await election.time.advance(5_000)
    expect(told.at(-1)).toBe('stepping-down 1')
    // What runs through the term; the scope, which has to stop as well, is none of it.
    expect(facts.find(({ type }) => type === 'stepping-down')).toMatchObject({ inFlight: 1 })
    written.resolve()
    await run
    await election.settled(stepped)
    expect(told.at(-1)).toBe('stepped-down 1')
  })

  test('guarded work is told when its own time is over, or that of the term', async () => {
    const election = new Election()
    const { handle } = await election.join('one')
    const { term } = handle.get()
    const reasons: string[] = []
    const work = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as Error).name)
          resolve()
        })
      })
    const slow = term.run('slow', work, { timeout: '1s' })
    await election.time.advance(1_000)
    await slow
    const long = term.run('long', work)
    await election.settled(handle.stepDown({ deadline: '2s' }))
    await long
    expect(reasons).toEqual(['TimeoutError', 'LeaseLostError'])
  })
})

describe('work that does not end', () => {
  const stuck = new Promise<void>(() => {})

  test('is the last resort when the validity is over, and the lease is left to expire', async () => {
    const election = new Election()
    const failures: (readonly string[])[] = []
    const one = await election.join('one', { onFenceFailure: (running) => failures.push(running), drain: '1s' })
    const other = await election.join('other')
    void one.handle.get().term.run('upload', () => stuck)
    void one.handle.stepDown()
    await election.time.advance(10_000)
    expect([one.told.at(-1), other.told]).toEqual(['stepping-down 1', []])
    await election.time.advance(30_000)
    expect(failures).toEqual([['upload']])
    expect(one.told.slice(2)).toEqual(['stepping-down 1', 'fence-failed 1', 'lease-lost 1'])
    expect(other.told).toEqual(['promoting 2', 'promoted 2'])
  })

  test('ends the process with code 75 unless told otherwise', async () => {
    const election = new Election()
    const halted: unknown[] = []
    const env = Object.assign(Object.create(election.time) as typeof election.time, {
      halt: (...all: unknown[]) => void halted.push(all),
    })
    const { handle } = await election.join('one', {}, env)
    void handle.get().term.run('upload', () => stuck)
    election.time.ahead += 60_000
    await election.time.advance(20_000)
    expect(halted).toEqual([['one/jobs', 'its lease has run out and upload still runs', 75]])
  })
})

test('the scope that ends by itself leaves nothing to lead', async () => {
  const election = new Election()
  const done = deferred<void>()
  const jobs = (): Service<never> => service('work', { run: () => done.promise, restart: 'transient' }) as unknown as Service<never>
  const { told } = await election.join('one', { child: jobs })
  done.resolve()
  await election.time.advance(1_000)
  expect(told).toEqual(['promoting 1', 'promoted 1', 'stepping-down 1', 'stepped-down 1'])
})

test('the scope over its intensity: the term is given back, then the leader crashes', async () => {
  const election = new Election()
  const broken = service('work', {
    run: async (ctx) => {
      await ctx.sleep('1s')
      throw new Error('broken')
    },
  }) as unknown as Service<never>
  const { told, facts } = await election.join('one', { child: () => broken })
  await election.time.advance(4_500)
  const gaveUp = facts.flatMap((fact) => (fact.type === 'gave-up' ? [fact.address] : []))
  expect(gaveUp).toEqual(['one/jobs/scope', 'one/jobs'])
  expect(told.slice(0, 4)).toEqual(['promoting 1', 'promoted 1', 'stepping-down 1', 'stepped-down 1'])
  const ended = (address: string): number => facts.findIndex((fact) => fact.type === 'stopped' && fact.address === address)
  expect(facts.findIndex(({ type }) => type === 'stepped-down')).toBeLessThan(ended('one/jobs'))
})

test('a candidate that is named goes first', async () => {
  const election = new Election()
  const [one, two, three] = [await election.join('one'), await election.join('two'), await election.join('three')]
  await election.settled(one.handle.stepDown({ to: 'three' }))
  await election.time.advance(1_000)
  expect([two.told, three.told]).toEqual([[], ['promoting 2', 'promoted 2']])
})

test("the store's client outlives the leader", async () => {
  const election = new Election()
  const order: string[] = []
  const client = service('client', { start: () => election.lease, stop: () => void order.push('client closed') })
  const jobs = leader('jobs', {
    uses: { client },
    lease: ({ uses }) => uses.client,
    child: () => service('work', { start: () => ({}), stop: () => void order.push('work stopped') }),
  })
  const system = createSystem(supervisor('app', { children: [client, jobs] }), { env: election.time })
  system.on((fact) => fact.type === 'stepped-down' && order.push('stepped down'))
  await system.start()
  await election.time.settle()
  await election.settled(system.stop())
  expect(order).toEqual(['work stopped', 'stepped down', 'client closed'])
})

describe('what is wrong is told at once', () => {
  test('no options at all', () => {
    const jobs = leader('jobs', undefined as never)
    expect(() => createSystem(supervisor('app', { children: [jobs] }))).toThrow(/`lease` is neither .*\n.*`child` is not a function/)
  })

  test('all problems of the options', () => {
    const jobs = leader('jobs', {
      lease: {} as never,
      child: 'work' as never,
      candidate: '',
      drain: 'soon' as never,
      onFenceFailure: 'ignore' as never,
    })
    expect(() => createSystem(supervisor('app', { children: [jobs] }))).toThrow(SpecError)
    try {
      createSystem(supervisor('app', { children: [jobs] }))
    } catch (error) {
      expect((error as SpecError).problems).toEqual([
        'app/jobs: `lease` is neither a lease store nor a function that makes one; write `lease: memoryLease("jobs")`',
        'app/jobs: `child` is not a function that makes a service for a term',
        'app/jobs: `candidate` is not a name',
        "app/jobs: `onFenceFailure` is neither 'exit' nor a function",
        "app/jobs: `drain` is 'soon', not a duration; write milliseconds (0 or more) or '250ms', '5s', '2m', '1h'",
      ])
    }
  })

  const problemsWith = (options: object): readonly string[] => {
    const given = { lease: memoryLease('jobs'), child: () => service('work', { start: () => 1 }), ...options }
    try {
      createSystem(supervisor('app', { children: [leader('jobs', given)] }))
    } catch (error) {
      return (error as SpecError).problems
    }
    return []
  }

  test('times that leave no room for a renewal that is lost, with the lease that would do', () => {
    expect(problemsWith({ leaseFor: '5s', renewEvery: '3s' })).toEqual([
      'app/jobs: a lease of 5000 ms is too short: a renewal every 3000 ms with two calls to the store of 500 ms may take 4600 ms, and ' +
        '3650 ms are left for it without clock error (100 ms), guard (250 ms) and the time to abort (1000 ms); make it at least 6636 ms, ' +
        'the rest being as it is, or renew more often, or give the store less time',
    ])
    expect(problemsWith({ leaseFor: 6_635, renewEvery: '3s' })).toHaveLength(1)
    expect(problemsWith({ leaseFor: 6_636, renewEvery: '3s' })).toEqual([])
  })

  test('a lease that is shorter than what is kept back of it', () => {
    expect(problemsWith({ leaseFor: 300 })[0]).toMatch(
      /too short: .* may take 132 ms, and 0 ms are left .* guard \(250 ms\) .* at least 735 ms/,
    )
    expect(problemsWith({ leaseFor: 734 })).toHaveLength(1)
    expect(problemsWith({ leaseFor: 735 })).toEqual([])
  })

  test('times without which something would be tried again without a pause, or never', () => {
    const own = { leaseFor: Number.POSITIVE_INFINITY, renewEvery: 0, storeTimeout: '0s', abortWithin: 0 }
    expect(problemsWith(own)).toEqual([
      'app/jobs: `leaseFor` is Infinity; it must be more than 0 ms, and have an end',
      'app/jobs: `renewEvery` is 0; it must be more than 0 ms, and have an end',
      "app/jobs: `storeTimeout` is '0s'; it must be more than 0 ms, and have an end",
      'app/jobs: `abortWithin` is 0; it must be more than 0 ms, and have an end',
    ])
  })

  test('a lease that is too short beside what has nothing to do with it', () => {
    expect(problemsWith({ leaseFor: 300, drain: 'soon', require: { token: 'monotone' } })).toEqual([
      expect.stringContaining('`drain` is'),
      expect.stringContaining('a lease of 300 ms is too short'),
      "app/jobs: `require.token` is 'monotone'; it is one of 'none', 'may-regress', 'monotonic'",
    ])
  })

  const weak = (): Lease =>
    Object.assign(memoryLease('jobs'), {
      guarantees: { exclusion: 'single-node', expiry: 'server', token: 'may-regress', watch: true } as const,
    })
  const tooWeak =
    'app/jobs: the lease store of jobs is too weak: its token is may-regress (after a loss of data a term may be granted a second time, ' +
    'which no fence can tell from the first), at least monotonic is required; give a localLease a `directory` that outlives a restart of ' +
    "the host, or take another store, or accept that with `require: { token: 'may-regress' }`"

  test('a store that promises too little', () => {
    expect(problemsWith({ lease: weak() })).toEqual([tooWeak])
    expect(problemsWith({ lease: weak(), require: { token: undefined } })).toEqual([tooWeak])
    expect(problemsWith({ lease: weak(), require: { exclusion: 'consensus' } })).toEqual([
      'app/jobs: the lease store of jobs is too weak: its exclusion is single-node (one node alone keeps it), at least consensus is ' +
        "required; take another store, or accept that with `require: { exclusion: 'single-node' }`",
      tooWeak,
    ])
    expect(problemsWith({ lease: weak(), require: { token: 'may-regress' } })).toEqual([])
  })

  test('a requirement that nobody would look at', () => {
    expect(problemsWith({ require: 'consensus' })).toEqual([
      "app/jobs: `require` is 'consensus'; write `require: { exclusion: 'consensus' }`",
    ])
    expect(problemsWith({ require: { expiry: 'server', watch: true } })).toEqual([
      'app/jobs: `require.expiry` cannot be required; `exclusion` and `token` can',
      'app/jobs: `require.watch` cannot be required; `exclusion` and `token` can',
    ])
  })

  test.each([
    [
      'a function that makes stores, instead of a store',
      memoryLease,
      'memoryLease(an object): an election needs a name; all who compete in it give the same one',
    ],
    ['the other one', localLease, 'localLease(an object): an election needs a name'],
    ['a function that makes none', () => ({}), 'app/jobs: `lease` made an object, which is no lease store'],
  ])('%s, when it starts', async (_what, lease, message) => {
    const jobs = leader('jobs', { lease: lease as never, child: () => service('work', { start: () => 1 }) })
    await expect(createSystem(supervisor('app', { children: [jobs] })).start()).rejects.toThrow(message)
  })

  test('one that is made of what is used, as soon as it is made', async () => {
    const jobs = leader('jobs', { lease: weak, child: () => service('work', { start: () => 1 }) })
    const system = createSystem(supervisor('app', { children: [jobs] }))
    await expect(system.start()).rejects.toThrow(tooWeak)
  })
})

test('a store that says what to do is quoted as it is: it was refused, not left unanswered', async () => {
  const election = new Election()
  const refusal = new StoreRefusedError('jobs', 'read', 'there are no tables. Create them.')
  const lease: Lease = {
    election: 'jobs',
    guarantees: memoryLease('jobs').guarantees,
    read: () => Promise.reject(refusal),
    acquire: () => Promise.reject(refusal),
    renew: () => Promise.reject(refusal),
    release: () => Promise.reject(refusal),
    observe: () => () => {},
  }
  const { facts } = await election.join('one', { lease })
  await election.time.advance(5_000)
  const errors = facts.flatMap((fact) => (fact.type === 'store-unknown' ? [fact.error] : []))
  expect(errors.length).toBeGreaterThan(0)
  expect(new Set(errors)).toEqual(new Set([refusal]))
})
