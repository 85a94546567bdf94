// The document shows what the program prints: its files are written into a project, its commands are run there one after another.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findingsOf } from '../../src/cli/manifest/check.js'
import { choose } from '../../src/cli/manifest/choose.js'
import { readYaml } from '../../src/cli/manifest/field.js'
import { readWorkloads } from '../../src/cli/manifest/workload.js'
import { ROOT } from '../house/sources.js'
import { DAEMON } from './manifest/pod.js'
import { daemon, project, quiesce } from './program.js'

const text = readFileSync(join(ROOT, 'docs/command-line.md'), 'utf8')
const fences = [...text.matchAll(/^```(\S+)(?: file:(\S+))?\n([\s\S]*?)^```$/gm)].map(([, language = '', file, body = '']) => ({
  language,
  file,
  body,
}))
const files = Object.fromEntries(fences.flatMap(({ file, body }) => (file === undefined ? [] : [[file, body]])))
const commands = fences
  .filter(({ language }) => language === 'console')
  .map(({ body }) => {
    const [first = '', ...shown] = body.split('\n')
    return { command: first.replace(/^\$ /, ''), shown: shown.join('\n') }
  })
// What runs until it is stopped, without its comment.
const runs = fences.filter(({ language }) => language === 'sh').map(({ body }) => (body.split(' #')[0] ?? '').trim())

// Older versions of Node need it, newer ones do not mind.
const loader = ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]

/** The project of the document, at a port that is free. */
const folder = (): string => {
  const own = Object.entries(files).map(([name, body]) => [name, body.replace('port: 8080', 'port: 0')])
  return project({ ...Object.fromEntries(own), 'package.json': '{ "type": "module" }' })
}

// Times and process ids differ from run to run, and with them bars and what was worth a word.
function normalized(shown: string): string {
  return shown
    .replace(/^stopping took \d+ ms: [\s\S]*?`shop\/db`\s\d+ ms\sclosing[\s\S]*?\n\n/m, 'stopping took …\n\n')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'then')
    .replace(/pid \d+/g, 'pid N')
    .replace(/\d+ ms(, \d+ finished)?/g, 'N ms')
    .replace(/[·█!─▸ ]+/g, ' ')
}

describe('docs/command-line.md', () => {
  test('has files and commands', () => {
    expect([Object.keys(files), commands.length, runs.length]).toEqual([['main.ts', 'deployment.yaml'], 3, 1])
  })

  test.each(commands.filter(({ command }) => command.startsWith('quiesce check')))('$command', async ({ command, shown }) => {
    const { stdout, stderr } = await quiesce(command.split(' ').slice(1), { cwd: folder(), node: loader })
    expect({ stdout, stderr }).toEqual({ stdout: shown, stderr: '' })
  })

  test.each(runs)('%s, and its report', async (run) => {
    const cwd = folder()
    const shop = daemon(run.split(' ').slice(1), { cwd, node: loader, env: { STATE_DIRECTORY: cwd } })
    await shop.line('shop is ready')
    shop.signal('SIGTERM')
    expect((await shop.exited).code).toBe(0)
    const [{ command, shown } = { command: '', shown: '' }] = commands.filter((each) => each.command.startsWith('quiesce report'))
    const { stdout, stderr } = await quiesce(command.split(' ').slice(1), { cwd })
    expect({ stdout: normalized(stdout), stderr }).toEqual({ stdout: normalized(shown), stderr: '' })
  })
})

test('the manifest of docs/daemon.md fits the daemon that it is written for', () => {
  const page = readFileSync(join(ROOT, 'docs/daemon.md'), 'utf8')
  const manifest = /^```yaml[^\n]*\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  const daemon = { ...DAEMON, neededMs: 20_000, lameDuckMs: 5_000 }
  const chosen = choose(readYaml(manifest).flatMap(readWorkloads), undefined, daemon, 'docs/daemon.md')
  expect(findingsOf(chosen, daemon)).toEqual([])
})
