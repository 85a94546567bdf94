// A simulated week with a crash a minute, as `npm run soak -- --days 7`: nothing grows; and a planted leak is found.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compare, type Sample } from './soak.js'

interface Ran {
  readonly code: number
  readonly printed: string
}

/** In a process of its own, since what is measured is the whole heap. */
function run(...args: readonly string[]): Promise<Ran> {
  const flags = ['--no-opt', '--no-sparkplug', '--no-maglev', '--import', 'tsx']
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, join(import.meta.dirname, 'main.ts'), ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), printed: stdout + stderr }),
    )
  })
}

describe('a daemon', { timeout: 300_000 }, () => {
  test('holds after a week what it held on its second day', async () => {
    const { code, printed } = await run('--days', '7')
    console.log(printed)
    expect(printed).toMatch(/ 11520 restarts,/)
    expect(printed).toMatch(/\nflat\n/)
    expect(code).toBe(0)
  })

  test('that keeps what it was told of every crash is found out within two days', async () => {
    const { code, printed } = await run('--days', '2', '--leak')
    expect(printed).toMatch(/\nNOT flat\n/)
    expect(code).toBe(1)
  })

  test('cannot live for no days', async () => {
    const { code, printed } = await run('--days', '0')
    expect(printed).toContain('--days is a whole number, at least 1\n')
    expect(code).toBe(2)
  })
})

test('whatever grows is seen', () => {
  const flat: Sample = { heapBytes: 10_000_000, handles: 1, listeners: 2, timers: 3, places: 4 }
  const names = Object.keys(flat) as (keyof Sample)[]
  const grown = (samples: readonly Sample[]) => compare(samples).filter(({ first, last, mayGrow }) => last - first > mayGrow)
  expect(grown(Array(40).fill(flat))).toEqual([])
  for (const name of names) {
    const growing = Array.from({ length: 40 }, (_, index) => ({ ...flat, [name]: flat[name] + index * (name === 'heapBytes' ? 5_000 : 1) }))
    expect(grown(growing).map((comparison) => comparison.name)).toEqual([name])
  }
})
