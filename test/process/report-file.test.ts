// The report of a stop outlives the process: appended to a file as one line, whatever the log does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { start, temporaryFolder } from '../support/daemon-process.js'

interface Entry {
  readonly when: string
  readonly pid: number
  readonly root: string
  readonly exitCode: number
  readonly report: { readonly reason: string; readonly budgetMs: number | null; readonly services: readonly unknown[] }
}

function entriesIn(file: string): Entry[] {
  const text = readFileSync(file, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry)
}

async function stopped(report: string) {
  const daemon = start('shop', { env: { OPTIONS: JSON.stringify({ report }) } })
  await daemon.line('shop is ready')
  daemon.signal('SIGTERM')
  return { ...(await daemon.exited), pid: daemon.child.pid }
}

test('one line for each run, below what was there', async () => {
  const file = join(temporaryFolder(), 'reports.jsonl')
  writeFileSync(file, '{"older":true}\n')
  const sentAt = Date.now()
  const first = await stopped(file)
  const second = await stopped(file)
  const [older, one, two] = entriesIn(file)
  expect(older).toEqual({ older: true })
  expect(one).toMatchObject({
    pid: first.pid,
    root: 'shop',
    exitCode: 0,
    left: [],
    report: { reason: 'SIGTERM', budgetMs: expect.any(Number) },
  })
  expect(two).toMatchObject({ pid: second.pid })
  expect(Date.parse(one?.when ?? '')).toBeGreaterThanOrEqual(sentAt)
  expect(one?.report.services).toHaveLength(3)
  // It is the report of the log, whole.
  const logged = first.lines.find(({ report }) => report !== undefined)
  expect(logged?.['report']).toMatchObject(one?.report ?? {})
})

test('the exit code is the one of the process, also when something was cut off', async () => {
  const file = join(temporaryFolder(), 'reports.jsonl')
  const daemon = start('shop', { env: { SHUTDOWN: '100ms', OPTIONS: JSON.stringify({ report: file }) } })
  await daemon.line('shop is ready')
  daemon.tell('work')
  await daemon.line('working')
  daemon.signal('SIGTERM')
  expect((await daemon.exited).code).toBe(3)
  expect(entriesIn(file)).toMatchObject([{ exitCode: 3, report: { forceCancelled: 1 } }])
})

test.each([
  ['without a folder', (folder: string) => join(folder, 'none', 'reports.jsonl')],
  ['that is a folder', (folder: string) => folder],
])('a file %s: a warning before the last line, and nothing else', async (_, place) => {
  const { code, lines, stderr } = await stopped(place(temporaryFolder()))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [warning, last] = lines.filter(({ msg }) => msg !== 'tick').slice(-2)
  expect(warning?.msg).toMatch(/^the report cannot be kept \((ENOENT|EISDIR): .*\); is there a folder that this process may write to\?$/)
  expect(last?.msg).toMatch(/^complete/)
})

test('a file that is not there yet is known at the start by its folder', async () => {
  const folder = temporaryFolder()
  const missing = await stopped(join(folder, 'other', 'reports.jsonl'))
  expect(missing.lines.find(({ level }) => level === 40)?.msg).toBe(
    `the folder for the report is not there: ${join(folder, 'other')}; the report will be lost`,
  )
  const present = await stopped(join(folder, 'reports.jsonl'))
  expect(present.lines.filter(({ level }) => level === 40)).toEqual([])
})
