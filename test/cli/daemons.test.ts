// Daemons are found by their sockets: whose they are, who still listens, and which one is meant.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { choose, chooseDaemon } from '../../src/cli/daemons/choose.js'
import { DaemonError } from '../../src/cli/daemons/daemon-error.js'
import { type Found, type FoundDaemon, findDaemons, socketFolders } from '../../src/cli/daemons/find.js'
import { temporaryFolder } from '../support/daemon-process.js'
import { fakeDaemon, lonely } from './fake-daemon.js'

const MIGHTY = process.getuid?.() === 0

async function listen(path: string): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  chmodSync(path, 0o600)
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  return server
}

// A process that is killed leaves its socket behind: so does a server that is gone when its path was bound by another name.
async function stale(path: string): Promise<void> {
  const { linkSync, unlinkSync } = await import('node:fs')
  const server = await listen(`${path}.living`)
  linkSync(`${path}.living`, path)
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  try {
    unlinkSync(`${path}.living`)
  } catch {
    // The server has taken its own name with it.
  }
}

describe('what is found', () => {
  test('those that listen, by the names of their sockets', async () => {
    const { env, folder } = lonely()
    await fakeDaemon(join(folder, 'shop-12.sock'), {})
    await fakeDaemon(join(folder, 'my-shop-2-4711.sock'), {})
    expect(await findDaemons(env)).toEqual({
      daemons: [
        { id: 'my-shop-2', pid: 4711, name: 'my-shop-2-4711', path: join(folder, 'my-shop-2-4711.sock') },
        { id: 'shop', pid: 12, name: 'shop-12', path: join(folder, 'shop-12.sock') },
      ],
      folders: socketFolders(env),
      notes: [],
    })
  })

  test('in both folders in which a daemon may have put its socket', async () => {
    const { env } = lonely()
    const other = join(env['TMPDIR'] ?? '', `quiesce-${process.getuid?.() ?? 'user'}`)
    mkdirSync(other, { mode: 0o700 })
    await fakeDaemon(join(other, 'shop-12.sock'), {})
    expect((await findDaemons(env)).daemons).toMatchObject([{ name: 'shop-12', path: join(other, 'shop-12.sock') }])
  })

  test('one folder by two names holds nobody twice', async () => {
    const { env, folder } = lonely()
    symlinkSync(folder, join(env['TMPDIR'] ?? '', `quiesce-${process.getuid?.() ?? 'user'}`))
    await fakeDaemon(join(folder, 'shop-12.sock'), {})
    expect((await findDaemons(env)).daemons).toHaveLength(1)
  })

  test('without a folder: nobody', async () => {
    const nowhere = join(temporaryFolder(), 'none')
    expect(await findDaemons({ XDG_RUNTIME_DIR: nowhere, TMPDIR: nowhere })).toMatchObject({ daemons: [], notes: [] })
  })

  test('what is no socket of a daemon is passed over: markers, and the sockets of leases', async () => {
    const { env, folder } = lonely()
    writeFileSync(join(folder, 'shop-0a1b2c3d4e5f.12.run'), '{}')
    await listen(join(folder, 'lease-12345678.sock'))
    await listen(join(folder, 'lease-0a1b2c3d.sock'))
    expect(await findDaemons(env)).toMatchObject({ daemons: [], notes: [] })
  })

  test('one that has ended without a farewell is noted', async () => {
    const { env, folder } = lonely()
    await stale(join(folder, 'shop-12.sock'))
    expect(await findDaemons(env)).toMatchObject({
      daemons: [],
      notes: [`shop-12 has ended and left its socket behind: ${join(folder, 'shop-12.sock')}`],
    })
  })
})

describe('what is not to be trusted', () => {
  test('a folder that others may enter', async () => {
    const { env, folder } = lonely()
    await fakeDaemon(join(folder, 'shop-12.sock'), {})
    chmodSync(folder, 0o755)
    expect(await findDaemons(env)).toMatchObject({ daemons: [], notes: [`${folder} is not used: others may enter it (mode 755)`] })
  })

  test('a socket that others may connect to', async () => {
    const { env, folder } = lonely()
    const { path } = await fakeDaemon(join(folder, 'shop-12.sock'), {})
    chmodSync(path, 0o666)
    const { daemons, notes } = await findDaemons(env)
    expect({ daemons, notes }).toEqual({ daemons: [], notes: [`${path} is not used: others may connect to it (mode 666)`] })
    await expect(chooseDaemon({ command: 'tree', target: undefined, socket: path }, env)).rejects.toThrow('others may connect to it')
  })

  test('what is no socket at all', async () => {
    const { env, folder } = lonely()
    const path = join(folder, 'shop-12.sock')
    writeFileSync(path, '')
    expect((await findDaemons(env)).notes).toEqual([`${path} is not used: it is no socket`])
  })

  test.runIf(MIGHTY)("somebody else's socket, and somebody else's folder", async () => {
    const { chownSync } = await import('node:fs')
    const { env, folder } = lonely()
    const { path } = await fakeDaemon(join(folder, 'shop-12.sock'), {})
    chownSync(path, 12_345, 12_345)
    expect((await findDaemons(env)).notes).toEqual([`${path} is not used: it belongs to user 12345, not to you (0)`])
    chownSync(folder, 12_345, 12_345)
    expect((await findDaemons(env)).notes).toEqual([`${folder} is not used: it belongs to user 12345, not to you (0)`])
  })

  test('a socket that is named, in a folder where others may replace it', async () => {
    const folder = temporaryFolder()
    const { path } = await fakeDaemon(join(folder, 'shop-12.sock'), {})
    const wanted = { command: 'tree', target: undefined, socket: path }
    chmodSync(folder, 0o777)
    await expect(chooseDaemon(wanted, {})).rejects.toThrow(`${path} is not used: others may replace it: its folder has mode 777`)
    // As the temporary folder of the machine: nobody may touch what is another's.
    chmodSync(folder, 0o1777)
    expect((await chooseDaemon(wanted, {})).daemon).toMatchObject({ id: 'shop', pid: 12 })
  })
})

const daemon = (id: string, pid: number): FoundDaemon => ({ id, pid, name: `${id}-${pid}`, path: `/run/${id}-${pid}.sock` })
const found = (...daemons: FoundDaemon[]): Found => ({ daemons, folders: ['/run'], notes: [] })
const pick = (target: string | undefined, ...daemons: FoundDaemon[]): string => {
  const { daemon, below } = choose({ command: 'tree', target, socket: undefined }, found(...daemons))
  return `${daemon.name} ${below}`.trim()
}

describe('which one is meant', () => {
  const shop = daemon('shop', 11)
  const mail = daemon('mail', 12)

  test('the only one', () => {
    expect(pick(undefined, shop)).toBe('shop-11')
    expect(pick('shop', shop)).toBe('shop-11')
    expect(pick('shop/api', shop)).toBe('shop-11 api')
    expect(pick('api', shop)).toBe('shop-11 api')
    expect(pick('web/api', shop)).toBe('shop-11 web/api')
  })

  test('one of several: by id, by process id, by both', () => {
    expect(pick('mail/smtp', shop, mail)).toBe('mail-12 smtp')
    expect(pick('12', shop, mail)).toBe('mail-12')
    expect(pick('12/smtp/in', shop, mail)).toBe('mail-12 smtp/in')
    expect(pick('shop-11', shop, mail)).toBe('shop-11')
    expect(pick('shop-12/api', daemon('shop', 11), daemon('shop', 12))).toBe('shop-12 api')
  })

  test('an id that reads like the process id of another one is an id', () => {
    expect(pick('12', daemon('12', 99), mail)).toBe('12-99')
  })

  const complaint = (run: () => unknown): string => {
    try {
      run()
    } catch (error) {
      if (error instanceof DaemonError) return [error.message, ...error.more].join('\n')
      throw error
    }
    return 'none'
  }

  test('several: each is named as it can be typed', () => {
    expect(complaint(() => pick(undefined, shop, mail))).toBe(
      '2 daemons run here; say which\n  quiesce tree shop-11\n  quiesce tree mail-12',
    )
    expect(complaint(() => pick('shop/api', shop, daemon('shop', 12)))).toBe(
      '2 daemons shop run here; say which\n  quiesce tree shop-11/api\n  quiesce tree shop-12/api',
    )
  })

  test('none of that name', () => {
    expect(complaint(() => pick('api', shop, mail))).toBe(
      'there is no daemon api here, but 2 others\n  shop-11  /run/shop-11.sock\n  mail-12  /run/mail-12.sock',
    )
  })

  test('none at all: where it was looked, and what to check', () => {
    const words = complaint(() =>
      choose({ command: 'tree', target: 'shop', socket: undefined }, { ...found(), notes: ['shop-9 has ended'] }),
    )
    expect(words).toContain('no daemon of yours runs here, so there is no shop\nLooked in /run.\nshop-9 has ended\nIs it started')
    expect(words).toContain('--socket PATH')
  })
})

test('a socket that is named', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'control.sock')
  const wanted = { command: 'tree', target: 'shop/api', socket: path }
  writeFileSync(join(folder, 'other.sock'), '')
  const absent = await chooseDaemon(wanted, {}).catch((error: DaemonError) => [error.message, ...error.more])
  expect(absent).toEqual([`there is no socket ${path}`, 'in its folder: other.sock'])
  await stale(path)
  await expect(chooseDaemon(wanted, {})).rejects.toThrow(`nobody listens on ${path}: the daemon has ended`)
  const named = join(folder, 'shop-12.sock')
  await fakeDaemon(named, {})
  expect(await chooseDaemon({ ...wanted, socket: named }, {})).toMatchObject({ daemon: { id: 'shop', pid: 12 }, below: 'api' })
})
