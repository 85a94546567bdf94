// Widths are counted as a terminal shows them: an id may hold any letter.
import { expect, test } from 'vitest'
import { beginningOf, columnsOf, endOf, padEnd, toWidth, wrap } from '../../src/observe/report/text-width.js'

test.each([
  ['shop', 4],
  ['├─ grün', 7],
  ['a…b', 3],
  ['▸ █', 3],
  ['注文', 4],
  ['ｱ', 1],
  ['Ａ', 2],
  ['한국', 4],
  ['🚀', 2],
  ['👍🏽', 2],
  ['🇩🇪', 2],
  ['⌚', 2],
  ['❤️', 2],
  ['é', 1],
  ['\u0301', 0],
  ['', 0],
])('%s takes %i columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns)
})

test('no letter is cut in two, and none stands half beyond the width', () => {
  expect([beginningOf('a注文', 3), beginningOf('a注文', 2), beginningOf('注文', 0), beginningOf('abc', -1), beginningOf('é!', 1)]).toEqual([
    'a注',
    'a',
    '',
    '',
    'é',
  ])
  expect([endOf('注文a', 3), endOf('注文a', 2), endOf('abc', 2), endOf('👍🏽', 1)]).toEqual(['文a', 'a', 'bc', ''])
  expect([toWidth('注文サービス', 12), toWidth('注文サービス', 11), toWidth('注文サービス', 10)]).toEqual([
    '注文サービス',
    '注文サービ…',
    '注文サー…',
  ])
  expect(toWidth('a\u001b[2J🚀', 99)).toBe('a [2J🚀')
})

test('is filled up and broken by columns', () => {
  expect(padEnd('注文', 6)).toBe('注文  ')
  expect(wrap('注文 注文 ab', 9)).toEqual(['注文 注文', 'ab'])
})
