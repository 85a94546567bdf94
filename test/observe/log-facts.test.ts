// Facts as log lines.
import { describe, expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.js'
import { logError } from '../../src/base/log-error.js'
import { flushLog } from '../../src/observe/log/flush.js'
import { guardLog } from '../../src/observe/log/log.js'
import { logFact } from '../../src/observe/log/log-facts.js'
import { about, ending, LOGGED_FACTS } from './sample-facts.js'

function record(): { readonly log: Log; readonly lines: [level: string, fields: object, message: string | undefined][] } {
  const lines: [string, object, string | undefined][] = []
  const method =
    (level: string) =>
    (fields: object | string, message?: string): void =>
      void lines.push(typeof fields === 'string' ? [level, {}, fields] : [level, fields, message])
  const log = {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
  }
  return { log, lines }
}

test.each(LOGGED_FACTS)('%o', (fact, level, message) => {
  const { log, lines } = record()
  logFact(log, fact)
  expect(lines).toEqual([[level, expect.objectContaining({ service: 'app/db' }), message]])
})

test('numbers are short, and no limit is no field', () => {
  const { log, lines } = record()
  logFact(log, { ...about, type: 'stopped', ending })
  logFact(log, { ...about, type: 'draining', state: 'settling', inFlight: 0, deadlineMs: Number.POSITIVE_INFINITY })
  expect(lines[0]?.[1]).toMatchObject({ tookMs: 12.3, settleMs: 1.3 })
  expect(lines[1]?.[1]).toMatchObject({ deadlineMs: undefined })
})

describe('errors', () => {
  test('kind, code, message and the stacks of all causes', () => {
    const root = new TypeError('root')
    const error = Object.assign(new Error('outer', { cause: root }), { code: 'ECONNRESET' })
    const { err } = logError(error) as { err: { stack: string } }
    expect(err).toMatchObject({ type: 'Error', code: 'ECONNRESET', message: 'outer' })
    expect(err.stack).toMatch(/^Error: outer\n.*caused by: TypeError: root\n/s)
  })

  test('nothing else that hangs on an error, and nothing of what is no error but was thrown', () => {
    const error = Object.assign(new Error('denied'), { config: { headers: { authorization: 'secret' } } })
    expect(JSON.stringify(logError(error))).not.toContain('secret')
    expect(logError({ token: 'secret' })).toEqual({ err: { type: 'object', message: 'not an Error' } })
    expect(logError(undefined)).toEqual({ err: { type: 'undefined', message: 'undefined' } })
    expect(logError('why')).toEqual({ err: { type: 'string', message: 'why' } })
  })

  test('causes in a circle end', () => {
    const error = new Error('one')
    error.cause = error
    expect(JSON.stringify(logError(error)).split('caused by')).toHaveLength(5)
  })
})

test('a log that throws is told of, and goes on being asked', () => {
  const errors: unknown[] = []
  const boom = new Error('disk full')
  const asked: string[] = []
  const log = guardLog(
    {
      ...silentLog,
      info: (fields: object | string) => void asked.push(String(fields)),
      warn: () => {
        throw boom
      },
    },
    (error) => errors.push(error),
  )
  log.warn('a')
  log.warn({}, 'b')
  log.info('c')
  expect(errors).toEqual([boom, boom])
  expect(asked).toEqual(['c'])
})

describe('flush', () => {
  const limit = 60_000

  test('without a flush there is nothing to wait for', async () => {
    await flushLog(silentLog, limit)
  })

  test('waits for the callback', async () => {
    let done: (() => void) | undefined
    const hold = (callback?: () => void): void => {
      done = callback
    }
    let isOver = false
    const flushed = flushLog({ ...silentLog, flush: hold }, limit).then(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    done?.()
    await flushed
  })

  test('a flush without a callback is synchronous, one that throws is over, one that hangs is limited', async () => {
    await flushLog({ ...silentLog, flush: () => {} }, limit)
    await flushLog(
      {
        ...silentLog,
        flush: (_done) => {
          throw new Error('gone')
        },
      },
      limit,
    )
    await flushLog({ ...silentLog, flush: (_done) => {} }, 1)
  })
})
