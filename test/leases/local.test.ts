// The lease store of one host against the conformance kit; and what becomes of its files, its folder and its handles.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, chown } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import net, { type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalLeaseOptions, localLease } from 'quiesce/lease/local'
import { leakCheck } from 'quiesce/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { StoreRefusedError } from '../../src/base/leadership-errors.js'
import type { Lease } from '../../src/protocol/lease.js'
import { Player, Reports } from './bench.js'
import { leaseConformance } from './kit.js'
import { LeaseProcess } from './lease-process.js'

const isLinux = process.platform === 'linux'
if (!isLinux) process.stdout.write('No abstract Unix sockets here (Linux has them): the lease of one host is not tested\n')

describe.skipIf(!isLinux)('on Linux', () => {
  leaseConformance('local', {
    leaseMs: 15_000,
    open: async (election, term) => {
      const directory = mkdtempSync(join(tmpdir(), 'quiesce-leases-'))
      const processes = new Map<Lease, LeaseProcess>()
      if (term > 0n) writeFileSync(recordIn(directory, election), JSON.stringify({ term: String(term) }))
      return {
        handle: async (name = election) => localLease(name, { directory }),
        mortalHandle: async () => {
          const holder = await LeaseProcess.start(directory, election)
          processes.set(holder.lease, holder)
          return holder.lease
        },
        kill: async (lease) => processes.get(lease)?.kill(),
        deleteRecord: async () => rmSync(recordIn(directory, election)),
        close: async () => {
          for (const holder of processes.values()) await holder.kill()
          rmSync(directory, { recursive: true })
        },
      }
    },
    cannot: {
      pass: 'it keeps no time: a lease ends with the process of its holder',
      loseAnswer: 'there is no way on which an answer could be lost; the answer is thrown away instead',
      cutConnections: 'nobody but the processes themselves can end a connection',
      restart: 'there is no server',
      silence: 'there is no server that could be silent; a holder that is stopped is a case of its own',
      beat: 'leases do not expire: a renewal that changes nothing is not written',
      observedExpiry: 'leases do not expire',
    },
  })

  describe('a record that cannot be trusted', () => {
    const damages: Readonly<Record<string, (text: string) => string>> = {
      empty: () => '',
      'cut off': (text) => text.slice(0, -20),
      'of another term, with the old checksum': (text) => text.replace('"term": "3"', '"term": "1"'),
      'not of this store': () => '{"hello":1}',
      'no object': () => 'null',
      'by hand, without a number': () => '{"term":"many"}',
    }
    test.each(Object.entries(damages))('%s: refused, and what to do is said', async (_what, damage) => {
      const { directory, path } = await used()
      const damaged = damage(readFileSync(path, 'utf8'))
      expect(damaged).not.toBe(readFileSync(path, 'utf8'))
      writeFileSync(path, damaged)
      // One that has not read it before, and knows of no term.
      const player = new Player(localLease('billing', { directory }), { id: 'b', incarnation: 'b' }, 1)
      const refusal = expect.objectContaining({ message: expect.stringMatching(/cannot be trusted: .*\.json\. .*\{"term":"N"\}/s) })
      await expect(player.read()).rejects.toEqual(refusal)
      await expect(player.acquire()).rejects.toThrow(StoreRefusedError)
      await expect(player.lease.requestHandover?.({ term: 4n, to: 'a', nonce: 'n' }, new AbortController().signal)).rejects.toThrow(
        StoreRefusedError,
      )
      expect(readFileSync(path, 'utf8')).toBe(damaged)
    })

    test('of another election: refused', async () => {
      const { directory, path, player } = await used()
      const other = new Player(localLease('other', { directory }), player.me, 1)
      await other.lead()
      writeFileSync(path, readFileSync(recordIn(directory, 'other')))
      await expect(player.read()).rejects.toThrow('it is the record of "other"')
    })

    test('of an earlier term than was read before: refused', async () => {
      const { path, player } = await used()
      const early = readFileSync(path)
      await player.lead()
      await player.release(4n)
      writeFileSync(path, early)
      await expect(player.read()).rejects.toThrow('term 4 was read before, now it says 3')
    })

    test('written by hand as the refusal says: led on from there', async () => {
      const { directory, path } = await used()
      writeFileSync(path, '{"term":"41"}')
      const player = new Player(localLease('billing', { directory }), { id: 'b', incarnation: 'b' }, 1)
      expect(await player.lead()).toMatchObject({ term: 42n, lastExit: undefined })
    })

    test('deleted while it is held: the next renewal writes it again', async () => {
      const { path, player, directory } = await used()
      await player.lead()
      rmSync(path)
      expect((await player.renew(4n)).ok).toBe(true)
      const other = new Player(localLease('billing', { directory }), { id: 'b', incarnation: 'b' }, 1)
      expect(await other.read()).toMatchObject({ term: 4n, phase: 'held', holder: player.me })
    })

    test('of a later term while it is held, by hand: the holder does not write it back', async () => {
      const { path, player } = await used()
      await player.lead()
      writeFileSync(path, '{"term":"99"}')
      await expect(player.renew(4n)).rejects.toThrow('it says term 99')
      expect(readFileSync(path, 'utf8')).toBe('{"term":"99"}')
    })
  })

  describe('its folder', () => {
    test('is made, for its user alone, and terms begin anew when the host does', () => {
      const folder = emptyFolder()
      vi.stubEnv('TMPDIR', folder)
      onTestFinished(() => void vi.unstubAllEnvs())
      expect(localLease('billing').guarantees).toMatchObject({ token: 'may-regress' })
      expect(readdirSync(folder)).toEqual([`quiesce-${process.getuid?.()}`])
      expect(localLease('billing', { directory: folder }).guarantees).toEqual({
        exclusion: 'single-node',
        expiry: 'none',
        token: 'monotonic',
        watch: true,
      })
    })

    const problems: readonly (readonly [string, RegExp, (own: string) => unknown])[] = [
      ['that others may enter', /others may enter it \(mode 755\)/, (own) => mkdirSync(own) ?? chmod(own, 0o755)],
      ['that is a link', /it is a link/, (own) => symlinkSync(emptyFolder(), own)],
      ['that is a file', /EEXIST|no folder/, (own) => writeFileSync(own, '')],
      ...(process.getuid?.() === 0
        ? ([
            [
              'that is of another user',
              /it belongs to user 1, not to 0/,
              (own: string) => mkdirSync(own, { mode: 0o700 }) ?? chown(own, 1, 1),
            ],
          ] as const)
        : []),
    ]
    test.each(problems)('%s is refused', async (_what, message, make) => {
      const folder = emptyFolder()
      vi.stubEnv('TMPDIR', folder)
      onTestFinished(() => void vi.unstubAllEnvs())
      await make(join(folder, `quiesce-${process.getuid?.()}`))
      expect(() => localLease('billing')).toThrow(message)
    })

    test('with a path that is too long for a socket is refused', () => {
      const directory = join(emptyFolder(), 'long'.repeat(20))
      expect(() => localLease('billing', { directory })).toThrow(/would have 1\d\d bytes, 107 are allowed/)
    })

    test('named in two ways is one folder', async () => {
      const folder = emptyFolder()
      symlinkSync(folder, `${folder}-link`)
      onTestFinished(() => rmSync(`${folder}-link`))
      const [a, b] = [player('a', { directory: folder }), player('b', { directory: `${folder}-link` })]
      await a.lead()
      expect((await b.acquire()).ok).toBe(false)
    })

    test('gone: refused, and the lock is free', async () => {
      const { directory, player: a } = await used()
      const { version } = await a.read()
      const trace = readdirSync(directory)
      expect(trace.filter((name) => name.endsWith('.sock'))).toEqual([])
      rmSync(directory, { recursive: true })
      await expect(a.lease.acquire(a.claim({ version }), new AbortController().signal)).rejects.toThrow(StoreRefusedError)
      mkdirSync(directory)
      writeFileSync(recordIn(directory, 'billing'), '{"term":"3"}')
      expect((await player('b', { directory }).lead()).term).toBe(4n)
    })

    test('gone when a lost term is let go of: the lock is free all the same, while one that is given back in order says that it is not', async () => {
      const { directory, player: a } = await used()
      await a.lead()
      rmSync(directory, { recursive: true })
      await expect(a.release(4n)).rejects.toThrow(StoreRefusedError)
      await a.release(4n, { drained: false, reason: 'lost' }).catch(() => {})
      mkdirSync(directory)
      writeFileSync(recordIn(directory, 'billing'), '{"term":"4"}')
      expect((await player('b', { directory }).lead()).term).toBe(5n)
    })

    test('swept of sockets: the holder is alive for others all the same', async () => {
      const { directory, player: a } = await used()
      await a.lead()
      for (const name of readdirSync(directory)) if (name.endsWith('.sock')) rmSync(join(directory, name))
      const b = player('b', { directory })
      expect(await b.read()).toMatchObject({ phase: 'held', holder: a.me })
      expect((await b.acquire()).ok).toBe(false)
    })
  })

  test('binds a name of full length, which is the same one for every version of Node', async () => {
    const a = player('a', { directory: emptyFolder() })
    const names = (): string[] => readFileSync('/proc/net/unix', 'latin1').match(/@quiesce-lease-\S+/g) ?? []
    const before = new Set(names())
    await a.lead()
    const own = names().filter((name) => !before.has(name) && name.length === 108)
    expect(own).not.toEqual([])
    for (const name of own) expect(name.at(-1)).toBe('-')
    await a.release(1n)
  })

  test("a lock that cannot accept whom it is to tell of its end is worth nobody's life", async () => {
    const servers: Server[] = []
    const { createServer } = net
    net.createServer = ((...all: Parameters<typeof createServer>) => {
      const server = createServer(...all)
      servers.push(server)
      return server
    }) as typeof createServer
    syncBuiltinESMExports()
    onTestFinished(() => {
      net.createServer = createServer
      syncBuiltinESMExports()
    })
    const a = player('a', { directory: emptyFolder() })
    await a.lead()
    expect(servers).toHaveLength(2)
    for (const server of servers) for (let time = 0; time < 2; time += 1) server.emit('error', new Error('accept EMFILE'))
    expect((await a.renew(1n)).ok).toBe(true)
    await a.release(1n)
  })

  test('keeps nothing open when it was released and nobody observes it', async () => {
    const directory = emptyFolder()
    const [a, b] = [player('a', { directory }), player('b', { directory })]
    const check = leakCheck()
    const reports = [new Reports(a.lease), new Reports(b.lease)]
    await reports[1]?.after(() => a.lead())
    expect((await b.acquire()).ok).toBe(false)
    await a.release(1n)
    for (const each of reports) each.stop()
    await check.expectNone()
    expect(readdirSync(directory).filter((name) => !/\.(json|trace)$/.test(name))).toEqual([])
  })

  test('a grant of which nobody was told is taken back', async () => {
    const directory = emptyFolder()
    const [a, b] = [player('a', { directory }), player('b', { directory })]
    // Aborted when it is too late: the third look at the signal comes when the record has been written.
    let looks = 0
    const signal = new Proxy(new AbortController().signal, {
      get: (target, name) => {
        if (name === 'aborted') return ++looks > 2
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    await a.lease.acquire(a.claim(await a.read()), signal)
    expect(looks).toBe(3)
    expect(await a.read()).toMatchObject({ term: 1n, phase: 'vacant' })
    expect((await b.lead()).term).toBe(2n)
  })
})

test('another system is refused, and what to take instead is said', () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin')
  onTestFinished(() => void vi.restoreAllMocks())
  expect(() => localLease('billing')).toThrow(/only Linux has, not darwin: .*memoryLease.*quiesce\/lease\/postgres/)
})

/** The file with the record of an election. */
function recordIn(directory: string, election: string): string {
  const slug = election.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 16)
  return join(directory, `${slug}-${createHash('sha256').update(election).digest('hex').slice(0, 16)}.json`)
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-leases-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function player(id: string, options: LocalLeaseOptions): Player {
  return new Player(localLease('billing', options), { id, incarnation: id }, 15_000)
}

/** A folder with a record of three terms. */
async function used(): Promise<{ directory: string; path: string; player: Player }> {
  const directory = emptyFolder()
  const a = player('a', { directory })
  for (let term = 1n; term <= 3n; term += 1n) {
    await a.lead()
    await a.release(term)
  }
  return { directory, path: recordIn(directory, 'billing'), player: a }
}
