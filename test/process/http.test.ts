// An HTTP daemon as its clients and its operator see it end.
import { expect, test } from 'vitest'
import { expectInOrder, reportOf, start } from '../support/daemon-process.js'

test('3: a handler that hangs is cut off at its deadline, its client gets 503, the database still closes, the report names the server', async () => {
  const daemon = start('hung-handler')
  const { url } = (await daemon.line('listening')) as unknown as { url: string }
  const answer = fetch(url)
  await daemon.line('request taken')
  daemon.signal('SIGTERM')
  expect((await answer).status).toBe(503)
  const { code, lines } = await daemon.exited
  expect(code).toBe(3)
  expectInOrder(lines, ['shop/api: draining', 'request aborted', 'shop/api: stopped', 'shop/db: draining', 'db closed', 'shop/db: stopped'])
  const report = reportOf(lines)
  expect(report).toMatchObject({ clean: false, inFlight: 1, forceCancelled: 1 })
  expect(report.services.find(({ forced }) => forced)?.address).toBe('shop/api')
})
