// A feed: a listener that throws harms nobody, a disposer takes away one listener, order is kept.
import { expect, test } from 'vitest'
import { Feed } from '../../src/base/feed.js'

test('a throwing listener harms nobody, neither does a throwing onError', () => {
  const errors: unknown[] = []
  const feed = new Feed<number>((error) => {
    errors.push(error)
    throw error
  })
  const heard: number[] = []
  feed.listen(() => {
    throw new Error('boom')
  })
  feed.listen((item) => heard.push(item))
  feed.emit(1)
  feed.emit(2)
  expect(heard).toEqual([1, 2])
  expect(errors).toHaveLength(2)
})

test('its disposer takes away its own listener, once', () => {
  const feed = new Feed<number>()
  const heard: string[] = []
  const listener = (item: number): void => void heard.push(`${item}`)
  const first = feed.listen(listener)
  const second = feed.listen(listener)
  first()
  first()
  expect(feed.hears('any')).toBe(true)
  feed.emit(1)
  expect(heard).toEqual(['1'])
  second()
  expect(feed.hears('any')).toBe(false)
  feed.emit(2)
  expect(heard).toEqual(['1'])
})

test('what a listener causes comes after what it was told of, for everybody', () => {
  const feed = new Feed<number>()
  const heard: number[] = []
  feed.listen((item) => {
    if (item < 3) feed.emit(item + 1)
  })
  feed.listen((item) => heard.push(item))
  feed.emit(1)
  expect(heard).toEqual([1, 2, 3])
})

test('a listener that another one takes away hears nothing more', () => {
  const feed = new Feed<number>()
  const heard: number[] = []
  let stop = (): void => {}
  feed.listen(() => stop())
  stop = feed.listen((item) => heard.push(item))
  feed.emit(1)
  expect(heard).toEqual([])
})
