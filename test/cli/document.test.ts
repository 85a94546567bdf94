// The document shows what the program prints: its files are written into a project, its commands are run there one after another.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { project, quiesce } from './program.js'

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

// Older versions of Node need it, newer ones do not mind.
const loader = ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]

describe('docs/command-line.md', () => {
  test('has files and commands', () => {
    expect([Object.keys(files), commands.length]).toEqual([['main.ts', 'deployment.yaml'], 2])
  })

  test.each(commands)('$command', async ({ command, shown }) => {
    const [program, ...args] = command.split(' ')
    const { stdout, stderr } = await quiesce(args, { cwd: project({ ...files, 'package.json': '{ "type": "module" }' }), node: loader })
    expect({ program, stdout, stderr }).toEqual({ program: 'quiesce', stdout: shown, stderr: '' })
  })
})
