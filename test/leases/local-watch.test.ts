// Whom the watch of the lease of one host follows: the holder whose process is to be missed, also when it has just changed.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LocalWatch } from '../../src/leases/local-watch.js'

test('a holder that took the place of one who is gone is followed, though no file changes any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-watch-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'holder.sock')
  const holder = createServer().listen(path)
  await once(holder, 'listening')
  onTestFinished(() => void holder.close())
  // The first is read from the record, and gone when it is called.
  const paths = [join(folder, 'gone.sock')]
  const watch = new LocalWatch({ folder, prefix: 'none', holderPaths: async () => [paths.shift() ?? path] })
  const followed = once(holder, 'connection')
  const heard = new Promise<void>((resolve) => {
    let times = 0
    const unobserve = watch.observe(() => {
      times += 1
      // Of the end of each of the two.
      if (times === 2) resolve()
    })
    onTestFinished(unobserve)
  })
  const [socket] = (await followed) as [Socket]
  socket.destroy()
  await heard
})

test('one who is gone is called once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-watch-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  let asked = 0
  const askedAgain = new Promise<void>((resolve) => {
    const holderPaths = async (): Promise<string[]> => {
      asked += 1
      if (asked === 2) resolve()
      return [join(folder, 'gone.sock')]
    }
    onTestFinished(new LocalWatch({ folder, prefix: 'none', holderPaths }).observe(() => {}))
  })
  await askedAgain
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  expect(asked).toBe(2)
})

test('a holder whose first socket has ended is followed to its second, until that has ended too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-watch-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const paths = [join(folder, 'first.sock'), join(folder, 'second.sock')]
  const servers = paths.map((path) => createServer().listen(path))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]]
  const firstCalled = once(first, 'connection')
  const secondCalled = once(second, 'connection')
  let tell: () => void = () => {}
  onTestFinished(new LocalWatch({ folder, prefix: 'none', holderPaths: async () => paths }).observe(() => tell()))
  const told = (): Promise<void> =>
    new Promise((resolve) => {
      tell = resolve
    })
  // As the kernel ends them: one after another.
  const firstTold = told()
  const [one] = (await firstCalled) as [Socket]
  first.close()
  one.destroy()
  await firstTold
  const [two] = (await secondCalled) as [Socket]
  const lastTold = told()
  second.close()
  two.destroy()
  await lastTold
})
