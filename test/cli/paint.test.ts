// Lines are cut before they are coloured; colours are for those who can see them and want them.
import { expect, test } from 'vitest'
import { cut, fromEnd, type Line, lengthOf, padTo, paint, span, surfaceOf } from '../../src/cli/paint.js'

const line: Line = [span('shop', 'strong'), span('  '), span('ready', 'good')]

test('a line is cut at the width, coloured or not, and leaves nothing behind it', () => {
  expect(paint(line, { width: 80, coloured: false })).toBe('shop  ready')
  expect(paint(line, { width: 80, coloured: true })).toBe('\u001b[1mshop\u001b[0m  \u001b[32mready\u001b[0m')
  expect(paint(line, { width: 9, coloured: false })).toBe('shop  re…')
  expect(paint(line, { width: 9, coloured: true })).toBe('\u001b[1mshop\u001b[0m  \u001b[32mre\u001b[0m\u001b[2m…\u001b[0m')
  expect(paint(line, { width: 11, coloured: false })).toBe('shop  ready')
  expect(paint(line, { width: 1, coloured: false })).toBe('…')
  expect(paint(line, { width: 0, coloured: false })).toBe('')
  expect(paint([span('a'), span('   ', 'faint')], { width: 80, coloured: true })).toBe('a')
  expect(lengthOf(cut(line, 7))).toBe(7)
})

test('what could move the cursor becomes a space', () => {
  expect(paint([span('a\u001b[2Jb\r\nc\u0007')], { width: 80, coloured: false })).toBe('a [2Jb  c')
})

test('letters that take two columns are counted as two, and never cut in half', () => {
  const wide = [span('注文', 'strong'), span(' ok')]
  expect([lengthOf(wide), lengthOf(padTo(wide, 10)), paint(wide, { width: 7, coloured: false })]).toEqual([7, 10, '注文 ok'])
  expect([6, 5, 4, 3].map((width) => paint(wide, { width, coloured: false }))).toEqual(['注文 …', '注文…', '注…', '注…'])
  expect([fromEnd('shop/注文', 9), fromEnd('shop/注文', 6), fromEnd('shop/注文', 5)]).toEqual(['shop/注文', '…/注文', '…注文'])
})

test('a line is filled up on either side', () => {
  expect(paint([...padTo([span('ab')], 4), span('|')], { width: 80, coloured: false })).toBe('ab  |')
  expect(paint([...padTo([span('ab')], 4, 'left'), span('|')], { width: 80, coloured: false })).toBe('  ab|')
})

const terminal = { isTTY: true, columns: 100 }

test.each([
  ['a terminal', terminal, {}, { width: 100, coloured: true }],
  ['a pipe', {}, {}, { width: Number.POSITIVE_INFINITY, coloured: false }],
  ['a pipe that is told a width', {}, { COLUMNS: '60' }, { width: 60, coloured: false }],
  ['a pipe with nonsense for a width', {}, { COLUMNS: 'wide' }, { width: Number.POSITIVE_INFINITY, coloured: false }],
  ['NO_COLOR', terminal, { NO_COLOR: '1' }, { width: 100, coloured: false }],
  ['an empty NO_COLOR says nothing', terminal, { NO_COLOR: '' }, { width: 100, coloured: true }],
  ['FORCE_COLOR', {}, { FORCE_COLOR: '1' }, { width: Number.POSITIVE_INFINITY, coloured: true }],
  ['an empty FORCE_COLOR', {}, { FORCE_COLOR: '' }, { width: Number.POSITIVE_INFINITY, coloured: true }],
  ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, { width: 100, coloured: false }],
  ['both: forced', {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, { width: Number.POSITIVE_INFINITY, coloured: true }],
  ['a terminal that can do nothing', terminal, { TERM: 'dumb' }, { width: 100, coloured: false }],
])('%s', (_what, stream, env, surface) => {
  expect(surfaceOf(stream, env)).toEqual(surface)
})
