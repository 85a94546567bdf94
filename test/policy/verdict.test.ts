import { describe, expect, test } from 'vitest'
import { fateOf, isExpectedStop, isReported } from '../../src/policy/verdict.js'
import { crash, type Exit, KILLED, NORMAL, type Restart, SHUTDOWN } from '../../src/protocol/exit.js'
import { Bench } from './bench.js'

const exits: Readonly<Record<string, Exit>> = { normal: NORMAL, shutdown: SHUTDOWN, killed: KILLED, crash: crash('boom') }
const restarts: readonly Restart[] = ['permanent', 'transient', 'temporary']

describe('what a child’s exit leads to (S17, S18)', () => {
  const table: Readonly<Record<Restart, Readonly<Record<string, string>>>> = {
    permanent: { normal: 'restart, reported', shutdown: 'restart, reported', killed: 'restart, reported', crash: 'restart, reported' },
    transient: { normal: 'keep-empty', shutdown: 'keep-empty', killed: 'restart, reported', crash: 'restart, reported' },
    temporary: { normal: 'remove', shutdown: 'remove', killed: 'remove, reported', crash: 'remove, reported' },
  }
  for (const restart of restarts) {
    for (const [reason, exit] of Object.entries(exits)) {
      test(`${restart}, ${reason}: ${table[restart][reason]}`, () => {
        const said = `${fateOf(restart, exit)}${isReported(restart, exit) ? ', reported' : ''}`
        expect(said).toBe(table[restart][reason])
        const bench = new Bench({ x: { restart } }).boot().ended('x', exit)
        expect(bench.phases()['x']).toBe({ restart: 'running', 'keep-empty': 'empty', remove: undefined }[fateOf(restart, exit)])
      })
    }
  }
})

describe('what is an expected answer to a stop (S56)', () => {
  const expected = (restart: Restart, isBrutal: boolean): string[] =>
    Object.entries(exits).flatMap(([reason, exit]) => (isExpectedStop(restart, exit, isBrutal) ? [reason] : []))

  test('asked: shutdown; of one that may end also normal', () => {
    expect(expected('permanent', false)).toEqual(['shutdown'])
    expect(expected('transient', false)).toEqual(['normal', 'shutdown'])
    expect(expected('temporary', false)).toEqual(['normal', 'shutdown'])
  })

  test('killed at once: killed; of one that may end also a clean end', () => {
    expect(expected('permanent', true)).toEqual(['killed'])
    expect(expected('transient', true)).toEqual(['normal', 'shutdown', 'killed'])
  })
})
