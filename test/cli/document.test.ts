// The document shows what the program prints: its files are written into a project, its commands are run there one after another.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.js'
import { findingsOf } from '../../src/cli/manifest/check.js'
import { choose } from '../../src/cli/manifest/choose.js'
import { readYaml } from '../../src/cli/manifest/field.js'
import { readWorkloads } from '../../src/cli/manifest/workload.js'
import { ROOT } from '../house/sources.js'
import { DAEMON } from './manifest/pod.js'
import { daemon, project, quiesce, withoutTimes } from './program.js'

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

// Times and process ids differ from run to run, what is left of the grace when the tree is told, and with them bars and what was worth a word.
function normalized(shown: string): string {
  return withoutTimes(shown)
    .replace(/ in N of \d+\.\d\d s:/g, ' in N of N:')
    .replace(/^stopping took N: [\s\S]*?`shop\/db`[\s\S]*?\n\n/m, 'stopping took …\n\n')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'then')
    .replace(/pid \d+( on \S+, up \d+ s.*)?/g, 'pid N')
    .replace(/[·█!─▸ ]+/g, ' ')
}

describe('docs/command-line.md', () => {
  test('has files and commands', () => {
    expect([Object.keys(files), commands.length, runs.length]).toEqual([['main.ts', 'deployment.yaml'], 6, 1])
  })

  test.each(commands.filter(({ command }) => /^quiesce (check|graph)/.test(command)))('$command', async ({ command, shown }) => {
    const { stdout, stderr } = await quiesce(command.split(' ').slice(1), { cwd: folder(), node: loader })
    expect({ stdout, stderr }).toEqual({ stdout: shown, stderr: '' })
  })

  test.each(runs)('%s, what it is asked meanwhile, and its report', async (run) => {
    const cwd = folder()
    const env = { STATE_DIRECTORY: cwd, XDG_RUNTIME_DIR: cwd, TMPDIR: cwd }
    const shop = daemon(run.split(' ').slice(1), { cwd, node: loader, env })
    onTestFinished(() => shop.kill())
    await shop.line('shop is ready')
    const show = async (name: string): Promise<void> => {
      const [{ command, shown } = { command: '', shown: '' }] = commands.filter((each) => each.command.startsWith(`quiesce ${name}`))
      const { stdout, stderr } = await quiesce(command.split(' ').slice(1), { cwd, env })
      expect({ stdout: normalized(stdout), stderr }).toEqual({ stdout: normalized(shown), stderr: '' })
    }
    await show('tree')
    await show('restart')
    shop.signal('SIGTERM')
    expect((await shop.exited).code).toBe(0)
    await show('report')
  })

  test('names every command in its first table, and every variable that is read', () => {
    const table = text.slice(0, text.indexOf('```'))
    const named = [...table.matchAll(/`([a-z-]+)[ `]/g)].map(([, name]) => name)
    expect(named).toEqual(expect.arrayContaining(Object.keys(COMMANDS)))
    const read = sources('src/cli').flatMap((source) => [...source.matchAll(/env\['(\w+)'\]/g)].map(([, name]) => name))
    for (const name of new Set([...read, 'NO_COLOR', 'TERM', 'XDG_RUNTIME_DIR'])) expect(text).toContain(`| \`${name}`)
  })
})

function sources(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
}

test('the manifest of docs/daemon.md fits the daemon that it is written for', () => {
  const page = readFileSync(join(ROOT, 'docs/daemon.md'), 'utf8')
  const manifest = /^```yaml[^\n]*\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  const daemon = { ...DAEMON, neededMs: 20_000, lameDuckMs: 5_000 }
  const chosen = choose(readYaml(manifest).flatMap(readWorkloads), undefined, daemon, 'docs/daemon.md')
  expect(findingsOf(chosen, daemon)).toEqual([])
})
