// Events are read as they come in: in pieces, cut anywhere, with comments and names between them.
import { expect, test } from 'vitest'
import { readEvents } from '../../src/cli/daemons/events.js'
import type { Frame } from '../../src/observe/watch/frames.js'

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

async function read(text: string, size = text.length): Promise<Frame[]> {
  const frames: Frame[] = []
  for await (const frame of readEvents(inPieces(text, size))) frames.push(frame)
  return frames
}

const STREAM = `retry: 1000

event: dropped
data: {"type":"dropped","count":3}

: still here

id: 7
event: fact
data: {"type":"fact","seq":7,"fact":{"type":"gave-up","at":1,"address":"läden/größe😀","error":{"name":"E","message":"a\\nb","causes":[]}}}

`
const FRAMES = [
  { type: 'dropped', count: 3 },
  { type: 'fact', seq: 7, fact: { type: 'gave-up', at: 1, address: 'läden/größe😀', error: { name: 'E', message: 'a\nb', causes: [] } } },
]

test.each([1, 2, 3, 7, 64, 10_000])('in pieces of %d bytes', async (size) => {
  expect(await read(STREAM, size)).toEqual(FRAMES)
})

test('with other ends of lines, and without a space behind the colon', async () => {
  expect(await read(STREAM.replaceAll('\n', '\r\n').replaceAll('data: ', 'data:'), 5)).toEqual(FRAMES)
})

test('what was not finished when the stream ended is no frame', async () => {
  expect(await read('data: {"type":"dropped","count":1}\n\ndata: {"type":"dropped","cou')).toEqual([{ type: 'dropped', count: 1 }])
})
