// A stop that is awaited by work that the stop has to wait for: neither waits for the other.
import { expect, test } from 'vitest'
import { reportOf, start } from '../support/daemon-process.js'

test('an /admin/stop handler that awaits stop() is answered, with the stop in progress, and so is everybody else', async () => {
  const daemon = start('admin-stop')
  const { url } = (await daemon.line('listening')) as unknown as { url: string }
  const other = fetch(`${url}/wait`)
  await daemon.line('waiting')
  const answer = await fetch(`${url}/admin/stop`, { method: 'POST' })
  expect(await answer.json()).toEqual({ complete: false, api: 'stopping' })
  // The stop still waits for the one that has not been answered yet.
  expect(daemon.lines.map(({ msg }) => msg)).not.toContain('db closed')
  daemon.child.stdin?.write('go\n')
  expect(await (await other).text()).toBe('waited')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  const report = reportOf(lines)
  expect(report).toMatchObject({ reason: 'the admin page', clean: true, complete: true, forceCancelled: 0 })
  expect(report.services.find(({ address }) => address === 'shop/api')).toMatchObject({ verdict: 'acked', inFlight: 2 })
})
