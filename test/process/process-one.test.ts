// The daemon in a process namespace of its own, as in a container: it is process 1, or something that does not pass signals on is.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { commandOf, type DaemonProcess, expectInOrder, reportOf, start, story } from '../support/daemon-process.js'

const UNSHARE = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
]
const canUnshare = spawnSync(UNSHARE[0] as string, [...UNSHARE.slice(1), 'true'], { stdio: 'ignore' }).status === 0
// Whether this is allowed is for the kernel and the container around it to say: nothing that could be installed changes it.
if (!canUnshare) process.stdout.write('No process namespaces here (unshare, Linux): what the daemon does as process 1 is not tested\n')

const IN_CONTAINER = `exec ${UNSHARE.join(' ')} --`

// Process 1, by the id that it has out here.
function processOne(daemon: DaemonProcess): number {
  const { pid } = daemon.child
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
}

describe.skipIf(!canUnshare)('in a process namespace', () => {
  test('as process 1 it hears SIGTERM, stops in order and says what an init process would do', async () => {
    const daemon = start('shop', { shell: `${IN_CONTAINER} "$@"` })
    expect(await daemon.line('shop starts')).toMatchObject({ pid: 1 })
    await daemon.line('shop is ready')
    expect(await daemon.line(({ msg }) => msg.startsWith('this is process 1: '))).toMatchObject({ level: 30 })
    daemon.tell('work')
    await daemon.line('working')
    process.kill(processOne(daemon), 'SIGTERM')
    await daemon.line('drain started')
    daemon.tell('finish')
    const { code, lines, stderr } = await daemon.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expectInOrder(lines, ['drain started', 'shop/api: stopped', 'db closed', 'shop: stopped'])
    expect(reportOf(lines)).toMatchObject({ reason: 'SIGTERM', clean: true })
  })

  test('under a shell as process 1, which swallows SIGTERM: the warning names it and says what to write', async () => {
    // Some shells become their last command; the second one keeps this one from it.
    const daemon = start('shop', { shell: `${IN_CONTAINER} sh -c '"$@"; true' sh "$@"`, node: ['--no-deprecation'] })
    await daemon.line('shop is ready')
    const warning = await daemon.line(({ level }) => level === 40)
    expect(warning).toMatchObject({ process: 'sh -c …', pid: 1 })
    expect(warning.msg).toMatch(/^process 1 of the container is `sh -c …`.*write CMD \["node", …, "\.data\/fixtures\/shop.mjs"\]/)
    process.kill(processOne(daemon), 'SIGTERM')
    daemon.tell('work')
    await daemon.line('working')
    expect(story(daemon.lines)).not.toContain('drain started')
  })

  test('under npm as process 1 the warning names it', async () => {
    const command = [process.execPath, ...commandOf('shop')].join(' ')
    const shell = `cd "$MARKER" && printf '{"scripts":{"start":"%s"}}' "$COMMAND" > package.json && ${IN_CONTAINER} npm start --silent`
    const daemon = start('shop', { shell, env: { COMMAND: command } })
    await daemon.line('shop is ready')
    const warnings = daemon.lines.filter(({ level }) => level === 40)
    expect(warnings).toMatchObject([{ process: 'npm start', pid: 1 }])
  })
})
