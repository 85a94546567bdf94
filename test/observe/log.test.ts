// What a logger makes of a line when fields are put into it on the way.
import { expect, test } from 'vitest'
import { logWith, tagged } from '../../src/observe/log/log.js'
import { keptLog } from './kept-log.js'

test('an error instead of fields is kept, as pino keeps it', () => {
  const { log, lines } = keptLog()
  const error = Object.assign(new TypeError('no port'), { code: 'EADDRINUSE' })
  const { child: _child, flush: _flush, ...plain } = log
  for (const each of [log, tagged(log, () => ({ trace_id: 't' })), logWith({ ...plain, error: log.error.bind(log) }, { run: 'r' })]) {
    each.error(error)
    each.error(error, 'mine')
  }
  expect(lines.map(({ msg }) => msg)).toEqual(['no port', 'mine', 'no port', 'mine', 'no port', 'mine'])
  for (const { err } of lines) expect(err).toMatchObject({ type: 'TypeError', message: 'no port', code: 'EADDRINUSE', stack: error.stack })
  expect(lines[3]).toMatchObject({ trace_id: 't' })
  expect(lines[5]).toMatchObject({ run: 'r' })
})
