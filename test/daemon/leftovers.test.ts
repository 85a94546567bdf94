// What is named as left open when a daemon is over: what stays, not what is just going.
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { leftovers } from '../../src/daemon/leftovers.js'

test('what goes within a few turns is not named, what stays is', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  expect(await leftovers()).toContain('TCPServerWrap')
  const named = leftovers()
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
  server.close()
  expect(await named).not.toContain('TCPServerWrap')
})
