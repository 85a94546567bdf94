// Server-sent events, as they come in, as frames. A line may come in pieces, and letters may be cut in two.
import { StringDecoder } from 'node:string_decoder'
import type { Frame } from '../../observe/watch/frames.js'

/** Reads frames until the stream ends. Comments, names and ids are passed over: a frame says itself what it is. */
export async function* readEvents(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let data = ''
  for await (const part of stream) {
    const lines = (rest + decoder.write(part)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.map((each) => each.replace(/\r$/, ''))) {
      if (line.startsWith('data:')) data += line.slice(line[5] === ' ' ? 6 : 5)
      else if (line === '' && data !== '') {
        const frame = JSON.parse(data) as Frame
        data = ''
        yield frame
      }
    }
  }
}
