// A blocked event loop: nothing of the process runs, so nothing in it can end it. At its next turn it must know how late it is.
import { expect, test } from 'vitest'
import { type Ended, expectInOrder, reportOf, start, story } from '../support/daemon-process.js'

const PROMPT_MS = 1_000

async function stopBlocked(env: Readonly<Record<string, string>>, again?: NodeJS.Signals): Promise<Ended> {
  const daemon = start('blocked-loop', { env })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  await daemon.line('loop is blocked')
  if (again !== undefined) daemon.signal(again)
  const { time: freeAt } = await daemon.line('loop is free')
  const ended = await daemon.exited
  expect(Date.now() - freeAt).toBeLessThan(PROMPT_MS)
  return ended
}

test('pitfall 37: a loop that is blocked beyond a deadline goes on where it ought to be at its next turn; exit 3', async () => {
  const { code, lines } = await stopBlocked({ BLOCK_MS: '1200', OPTIONS: '{"grace":"1s"}' })
  expect(code).toBe(3)
  expectInOrder(lines, ['loop is free', 'app/busy: forced: the time for finishing is over', 'db closed', 'app/db: stopped'])
  expect(reportOf(lines).services.find(({ address }) => address === 'app/db')).toMatchObject({ verdict: 'acked', errors: [] })
})

test('pitfall 37: a loop that is blocked beyond the grace and a second ends with its next turn; exit 124', async () => {
  const { code, signal, lines, stderr } = await stopBlocked({ BLOCK_MS: '1700', OPTIONS: '{"grace":"500ms"}' })
  expect({ code, signal }).toEqual({ code: 124, signal: null })
  expect(stderr).toContain('quiesce: the process did not end within its grace of 500 ms; exit\n')
  // What closes at once had its chance; nothing was waited for, not even the report.
  expectInOrder(lines, ['loop is free', 'app/busy: forced: the time for finishing is over', 'db closed'])
  expect(story(lines).filter((line) => line.startsWith('complete'))).toEqual([])
})

test('pitfall 37: a loop that is blocked and free again within the deadline costs nobody anything; exit 0', async () => {
  const { code, lines } = await stopBlocked({ BLOCK_MS: '300', ENDS: '1', OPTIONS: '{"grace":"10s"}' })
  expect(code).toBe(0)
  expect(reportOf(lines)).toMatchObject({ clean: true })
})

test('pitfall 37: a second signal that comes while the loop is blocked is heard at its next turn, and hurries; exit 3', async () => {
  const { code, lines, stderr } = await stopBlocked({ BLOCK_MS: '700', OPTIONS: '{"grace":"20s"}' }, 'SIGINT')
  expect(code).toBe(3)
  expect(stderr).toContain('quiesce: SIGINT again: ')
  expectInOrder(lines, ['loop is free', 'app/busy: forced: hurried', 'db closed'])
})
