// Every way in which a daemon ends, by its exit code.
import { expect, test } from 'vitest'
import { expectInOrder, reportOf, start, story } from '../support/daemon-process.js'

const OPTIONS = '{"grace":"2s"}'

test('0: all has stopped as asked, and what comes after `await run` has been run', async () => {
  const daemon = start('exits', { env: { HOW: 'clean' } })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(lines.at(-1)?.msg).toBe('after run')
})

test('0: one whose spec says brutal-kill is killed, which is no failure', async () => {
  const daemon = start('exits', { env: { HOW: 'brutal-kill is written' } })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(0)
  expect(reportOf(lines)).toMatchObject({ clean: true, totals: { acked: 1, abandoned: 1 } })
})

test('0: the tree ends by itself, with the same steps as on SIGTERM', async () => {
  const { code, lines, stderr } = await start('exits', { env: { HOW: 'ends by itself' } }).exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expectInOrder(lines, ['job done', 'drain started', 'readiness 503', 'app: draining', 'db closed', 'app: stopped'])
  expect(reportOf(lines)).toMatchObject({ reason: 'the tree ended by itself', clean: true })
})

test('1: a supervisor gave up, the rest is stopped in order, the cause is named', async () => {
  const { code, lines } = await start('exits', { env: { HOW: 'gives up' } }).exited
  expect(code).toBe(1)
  expectInOrder(lines, ['app/weak: crashed', 'app: gave up', 'drain started', 'app: draining', 'db closed', 'app: stopped'])
  const gaveUp = lines.find(({ msg }) => msg === 'gave up')
  expect(gaveUp).toMatchObject({ level: 50, err: { type: 'RestartIntensityError', code: 'ERR_RESTART_INTENSITY' } })
  expect(JSON.stringify(gaveUp)).toContain('weak again')
  expect(reportOf(lines).reason).toBe('a supervisor gave up')
})

test('3: a supervisor gave up and a hook hangs: the grace holds all the same, and the database closes', async () => {
  const { code, lines, stderr } = await start('exits', { env: { HOW: 'gives up while one hangs', OPTIONS } }).exited
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  expectInOrder(lines, ['app: gave up', 'app/hung: given up: a hook has not ended', 'db closed'])
  const report = reportOf(lines)
  expect(report.tookMs).toBeLessThanOrEqual(2_000)
  expect(report.budgetMs).toBeLessThanOrEqual(2_000)
})

test('2: all problems of the tree and of the options, at once, and nothing has run', async () => {
  const env = {
    HOW: 'spec',
    OPTIONS: JSON.stringify({
      grace: '1s',
      lameDuck: '1s',
      probes: { port: 70_000 },
      signals: { SIGKILL: 'stop', SIGTREM: 'stop', SIGTERM: 'maybe' },
    }),
  }
  const { code, lines } = await start('exits', { env }).exited
  expect(code).toBe(2)
  expect(story(lines)).not.toContain('never')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 60, err: { type: 'SpecError', code: 'ERR_SPEC' } })
  for (const part of [
    'two children have the id "twice"',
    'contains " "',
    "`shutdown` is 'soon'",
    '`lameDuck` (1.00 s) leaves nothing of `grace` (1.00 s)',
    '`probes.port` is 70000',
    'SIGKILL cannot be handled',
    '"SIGTREM" is not the name of a signal',
    "`signals.SIGTERM` is 'maybe'",
  ])
    expect(lines[0]?.msg).toContain(part)
})

test('3: a stop hook that hangs is given up and named, the stop goes on', async () => {
  const daemon = start('exits', { env: { HOW: 'stop hangs' } })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  const { code, lines, stderr } = await daemon.exited
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  expectInOrder(lines, ['app/hung: draining', 'app/hung: given up: a hook has not ended', 'db closed'])
  const report = reportOf(lines)
  expect(report.totals).toMatchObject({ acked: 1, abandoned: 1 })
  const held = { permits: 0, hooks: ['stop'], releases: 0 }
  expect(report.services.find(({ address }) => address === 'app/hung')).toMatchObject({ verdict: 'abandoned', exit: 'killed', held })
  // What to put right before the next stop has a line of its own, before the last.
  expect(report.warnings).toMatchObject([{ code: 'not-stopped', address: 'app/hung', limitMs: 300 }])
  expect(lines.at(-2)).toMatchObject({ level: 40, warning: 'not-stopped', service: 'app/hung', msg: report.warnings[0]?.text })
  expect(lines.at(-2)?.msg).toMatch(
    /^`app\/hung` did not stop within 3\d\d ms \(its stop hook had not answered\)\. Raise `shutdown` or end its work on `ctx\.signal`\.$/,
  )
  expect(report.criticalPath.map(({ address, why }) => `${address} ${why}`)).toContain('app/hung closing')
})

test('3: what a stop hook throws is recorded with its address, the stop goes on', async () => {
  const daemon = start('exits', { env: { HOW: 'stop throws' } })
  await daemon.line('app is ready')
  daemon.signal('SIGTERM')
  const { code, lines } = await daemon.exited
  expect(code).toBe(3)
  expectInOrder(lines, ['app/bad: stop failed; the stop goes on', 'app/bad: stopped', 'db closed'])
  expect(reportOf(lines)).toMatchObject({ errorCount: 1, errors: [{ address: 'app/bad', message: 'Error: cannot close' }] })
})

test('4: a start that fails: address, cause and time in the fatal line, what had started is stopped in reverse', async () => {
  const { code, lines } = await start('failing-start').exited
  expect(code).toBe(4)
  expectInOrder(lines, ['app/inner/three: start failed', 'two closed', 'one closed', 'app: start failed'])
  const fatal = lines.find(({ level }) => level === 60)
  expect(fatal?.msg).toMatch(/app\/inner\/three did not start, after \d+ ms: no route to the ledger/)
  expect(fatal).toMatchObject({ err: { type: 'StartError', code: 'ERR_START' } })
  expect(reportOf(lines)).toMatchObject({ reason: 'the start failed', totals: { abandoned: 0 } })
})

test('4: undoing a failed start is bounded by the grace, and the cause is still named', async () => {
  const { code, lines, stderr } = await start('failing-start', { env: { CLOSE: 'never', OPTIONS } }).exited
  expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
  expectInOrder(lines, ['two closes', 'app/inner/two: given up: a hook has not ended', 'one closed'])
  expect(lines.find(({ level }) => level === 60)?.msg).toContain('no route to the ledger')
  expect(reportOf(lines).tookMs).toBeLessThanOrEqual(2_000)
})

test('4: a signal while a failed start is undone changes nothing', async () => {
  const daemon = start('failing-start', { env: { CLOSE: 'slow' } })
  await daemon.line('two closes')
  daemon.signal('SIGTERM')
  daemon.tell('close')
  const { code, lines } = await daemon.exited
  expect(code).toBe(4)
  expectInOrder(lines, ['two closes', 'two closed', 'one closed'])
  expect(lines.filter(({ level }) => level === 60).map(({ msg }) => msg)).toEqual([expect.stringContaining('no route to the ledger')])
})

test('a process.exit by somebody else keeps its code, and one line says who called it and who had not stopped', async () => {
  const inDrain = start('exits', { env: { HOW: 'process.exit in a drain' } })
  await inDrain.line('app is ready')
  inDrain.signal('SIGTERM')
  const ready = start('exits', { env: { HOW: 'process.exit in ready' } })
  const [first, second] = [await inDrain.exited, await ready.exited]
  expect(first.code).toBe(7)
  expect(first.stderr).toMatch(
    /^quiesce: the process exits with code 7, called at .*exits\.mjs:\d+:\d+\)? while app\/db \(ready\), app\/rude \(draining\) had not stopped; nothing was drained\n$/,
  )
  expect(second.code).toBe(8)
  expect(second.stderr).toMatch(
    /^quiesce: the process exits with code 8, called at .*leaves.*exits\.mjs.* while app\/db \(ready\), app\/rude \(ready\) had not/,
  )
})

test('a tree without any handle stays alive until it is asked to stop: no exit 0 unasked, no exit 13', async () => {
  const daemon = start('exits', { env: { HOW: 'no handle', OPTIONS } })
  await daemon.line('app is ready')
  daemon.child.stdin?.end()
  daemon.signal('SIGQUIT')
  await daemon.said('still')
  daemon.signal('SIGTERM')
  const { code } = await daemon.exited
  // Its run never ends: it is cut off.
  expect(code).toBe(3)
})
