// The marker: whether the last run said farewell.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { start, temporaryFolder } from '../support/daemon-process.js'

const ACCUSATION = 'the last run ended without a farewell'

test('after kill -9 the first line of the next start says so, once', async () => {
  const marker = temporaryFolder()
  const killed = start('shop', { marker })
  const { pid } = await killed.line('shop starts')
  await killed.line('shop is ready')
  killed.signal('SIGKILL')
  expect((await killed.exited).signal).toBe('SIGKILL')
  for (const accused of [true, false]) {
    const next = start('shop', { marker })
    await next.line('shop is ready')
    next.signal('SIGTERM')
    const { lines, code } = await next.exited
    expect(code).toBe(0)
    expect(lines.filter(({ msg }) => msg === ACCUSATION)).toHaveLength(accused ? 1 : 0)
    if (accused) expect(lines[0]).toMatchObject({ msg: ACCUSATION, level: 40, lostPid: pid, startedAt: expect.any(String) })
  }
  expect(readdirSync(marker)).toEqual([])
})

test('two instances that live at once do not accuse each other', async () => {
  const marker = temporaryFolder()
  const one = start('shop', { marker })
  await one.line('shop is ready')
  const two = start('shop', { marker })
  await two.line('shop is ready')
  expect(readdirSync(marker)).toHaveLength(2)
  for (const daemon of [one, two]) daemon.signal('SIGTERM')
  const ends = [await one.exited, await two.exited]
  expect(ends.map(({ code }) => code)).toEqual([0, 0])
  expect(ends.flatMap(({ lines }) => lines).map(({ msg }) => msg)).not.toContain(ACCUSATION)
  expect(readdirSync(marker)).toEqual([])
})

test('a marker whose pid another process has by now is of a lost run', async () => {
  const marker = temporaryFolder()
  const living = start('shop', { marker })
  await living.line('shop is ready')
  const file = join(marker, readdirSync(marker)[0] as string)
  const entry = JSON.parse(readFileSync(file, 'utf8'))
  // The same pid, alive, but born at another time: what a restarted container with pid 1 finds, or a machine after a reboot.
  writeFileSync(file, JSON.stringify({ ...entry, birth: 'another boot 1' }))
  const next = start('shop', { marker })
  expect(await next.line(ACCUSATION)).toMatchObject({ lostPid: entry.pid })
})

test('a run on another host, which cannot be seen from here, is not accused', async () => {
  const marker = temporaryFolder()
  const living = start('shop', { marker })
  await living.line('shop is ready')
  const name = readdirSync(marker)[0] as string
  const entry = JSON.parse(readFileSync(join(marker, name), 'utf8'))
  writeFileSync(join(marker, name.replace(String(entry.pid), '1')), JSON.stringify({ ...entry, pid: 1, birth: 'x', host: 'elsewhere' }))
  const next = start('shop', { marker })
  await next.line('shop is ready')
  expect(next.lines.map(({ msg }) => msg)).not.toContain(ACCUSATION)
})

test('a process that somebody ends with process.exit has not said farewell; neither has one that exits on a third signal', async () => {
  const marker = temporaryFolder()
  await start('exits', { marker, env: { HOW: 'process.exit in ready' } }).exited
  const next = start('exits', { marker, env: { HOW: 'no handle' } })
  // Another tree of the same file: the same daemon, since its root has the same id.
  expect(await next.line(ACCUSATION)).toBe(next.lines[0])
})

test('a folder that cannot be written is a warning, no more', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'file'), '')
  const daemon = start('shop', { marker: join(folder, 'file') })
  expect((await daemon.line(({ level }) => level === 40)).msg).toBe('cannot leave the marker that tells the next start how this run ended')
  await daemon.line('shop is ready')
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(0)
})
