// One listener for each event, however many listen.
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { ourListener, shareListener } from '../../src/daemon/shared-listener.js'

test('one listener for all who listen, removed with the last of them, whoever goes first', () => {
  const emitter = new EventEmitter()
  const heard: unknown[] = []
  const removers = ['a', 'b'].map((name) => shareListener(emitter, 'ping', (...args) => heard.push([name, ...args])))
  expect(emitter.listeners('ping')).toEqual([ourListener(emitter, 'ping')])
  emitter.emit('ping', 1, 2)
  removers[0]?.()
  removers[0]?.()
  emitter.emit('ping', 3)
  removers[1]?.()
  expect([emitter.listenerCount('ping'), ourListener(emitter, 'ping')]).toEqual([0, undefined])
  emitter.emit('ping', 4)
  expect(heard).toEqual([
    ['a', 1, 2],
    ['b', 1, 2],
    ['b', 3],
  ])
})

test('the same handler twice is two', () => {
  const emitter = new EventEmitter()
  const heard: string[] = []
  const handler = (name: string): void => void heard.push(name)
  const remove = shareListener(emitter, 'ping', handler)
  shareListener(emitter, 'ping', handler)
  emitter.emit('ping', 'both')
  remove()
  emitter.emit('ping', 'one')
  expect(heard).toEqual(['both', 'both', 'one'])
})

test('events and emitters are told apart; an abort signal is one of them', () => {
  const [one, two] = [new EventEmitter(), new EventEmitter()]
  const stop = new AbortController()
  const heard: string[] = []
  shareListener(one, 'a', () => heard.push('one a'))
  shareListener(one, 'b', () => heard.push('one b'))
  shareListener(two, 'a', () => heard.push('two a'))
  shareListener(stop.signal, 'abort', () => heard.push('abort'))
  const gone = shareListener(stop.signal, 'abort', () => heard.push('gone'))
  gone()
  one.emit('a')
  two.emit('a')
  stop.abort()
  one.emit('b')
  expect(heard).toEqual(['one a', 'two a', 'abort', 'one b'])
})

test('an error of one handler does not keep the event from the next, and is raised', () => {
  const emitter = new EventEmitter()
  const heard: string[] = []
  shareListener(emitter, 'ping', () => {
    throw new Error('mine')
  })
  shareListener(emitter, 'ping', () => heard.push('second'))
  expect(() => emitter.emit('ping')).toThrow('mine')
  expect(heard).toEqual(['second'])
})

test('one who goes while the event is told still hears it; one who comes does not', () => {
  const emitter = new EventEmitter()
  const heard: string[] = []
  shareListener(emitter, 'ping', () => {
    heard.push('first')
    second()
    shareListener(emitter, 'ping', () => heard.push('late'))
  })
  const second = shareListener(emitter, 'ping', () => heard.push('second'))
  emitter.emit('ping')
  expect(heard).toEqual(['first', 'second'])
})

test('a target that refuses leaves nothing behind', () => {
  const emitter = new EventEmitter()
  const { on } = emitter
  emitter.on = () => {
    throw new Error('no such event here')
  }
  expect(() => shareListener(emitter, 'ping', () => {})).toThrow('no such event here')
  expect(ourListener(emitter, 'ping')).toBeUndefined()
  emitter.on = on
  const heard: string[] = []
  shareListener(emitter, 'ping', (name: string) => heard.push(name))
  emitter.emit('ping', 'heard')
  expect(heard).toEqual(['heard'])
})
