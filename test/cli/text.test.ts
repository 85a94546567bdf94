// Text for 80 columns.
import { expect, test } from 'vitest'
import { complaintOf } from '../../src/cli/complaint.js'
import { DaemonError } from '../../src/cli/daemons/daemon-error.js'
import { count, wrap } from '../../src/cli/text.js'

test('breaks between words, indents what follows, cuts no word', () => {
  const long = 'x'.repeat(90)
  expect(wrap(`${'word '.repeat(16)}end`, '    ', '  - ')).toEqual([`  - ${'word '.repeat(15).trimEnd()}`, '    word end'])
  expect(wrap(`a ${long} b`)).toEqual(['a', long, 'b'])
  expect(wrap('a'.repeat(80))).toEqual(['a'.repeat(80)])
  expect(wrap(`${'word '.repeat(15)}takes 15 s or 3 min`)).toEqual([`${'word '.repeat(15)}takes`, '15 s or 3 min'])
  expect(wrap('a\u001b[31mred\u0007')).toEqual(['a [31mred '])
  expect(wrap('', '  ')).toEqual(['  '])
})

test('counts', () => {
  expect([count(0, 'error'), count(1, 'error'), count(2, 'error')]).toEqual(['0 errors', '1 error', '2 errors'])
})

test('what a daemon is called moves no cursor, in lines to be copied either', () => {
  const { text } = complaintOf(new DaemonError('two of \u001b[2Jthem', ['  quiesce top shop\u001b[2J', 'or \u0007 none']), false)
  expect(text).toBe('quiesce: two of  [2Jthem\n  quiesce top shop [2J\nor   none\n')
})
