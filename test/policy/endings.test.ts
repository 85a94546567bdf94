// Ends are found as they were last heard of, whether a tree ended in order or not.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Endings, type StoppedFact } from '../../src/policy/endings.js'

const fact = (address: string, incarnation: number): StoppedFact => ({ type: 'stopped', at: 0, address, incarnation, ending: {} as never })

test('property: the latest end at each address, in any order, with any number of ends, asked at any time', () => {
  const addresses = ['a', 'a/b', 'a/c', 'a/c/d']
  const places = addresses.map((address) => ({ address }))
  const inOrder = addresses.toReversed()
  const some = fc.array(fc.constantFrom(...addresses, 'gone'), { maxLength: 3 })
  const ends = fc.oneof(
    fc.constant(inOrder),
    some.map((more) => [...inOrder, ...more]),
    some.map((more) => [...more, ...inOrder]),
    fc.array(fc.constantFrom(...addresses, 'gone')),
    fc.shuffledSubarray(addresses),
  )
  fc.assert(
    fc.property(ends, fc.array(fc.nat(8)), (order, askedAfter) => {
      const endings = new Endings()
      const known = new Map<string, StoppedFact>()
      order.forEach((address, number) => {
        const ended = fact(address, number)
        endings.add(ended)
        known.set(address, ended)
        if (askedAfter.includes(number)) expect(endings.get(address)).toBe(ended)
      })
      const endOf = endings.of(places)
      expect(addresses.map((_, number) => endOf(number))).toEqual(addresses.map((address) => known.get(address)))
      expect(endings.order.map(({ address }) => address)).toEqual(order)
    }),
  )
})

test('one of which more is known by now', () => {
  const endings = new Endings()
  for (const address of ['a/b', 'a']) endings.add(fact(address, 1))
  endings.replace(fact('a/b', 2))
  const endOf = endings.of([{ address: 'a' }, { address: 'a/b' }])
  expect([endOf(0)?.incarnation, endOf(1)?.incarnation]).toEqual([1, 2])
})
