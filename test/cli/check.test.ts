// `quiesce check`, the real program: whatever the file does, it ends by itself, starts nothing, and says what is so.
import { describe, expect, test } from 'vitest'
import { ROOT } from '../house/sources.js'
import { project, quiesce } from './program.js'

// Every hook speaks: nothing of this may ever be heard.
const TREE = `
import { service, supervisor } from 'quiesce'
const db = service('db', { shutdown: '2s', start: () => console.log('STARTED') })
export const shop = supervisor('shop', { children: [db, service('api', { uses: { db }, edge: true, shutdown: '10s', start: () => console.log('STARTED') })] })
`
const RUNS = `import { run } from 'quiesce'\nimport { shop } from './tree.mjs'\n`

describe('a file that calls run', () => {
  test('is described and not started, whatever else it does', async () => {
    const main = `${RUNS}
import { createServer } from 'node:http'
createServer().listen(0, '127.0.0.1')
setInterval(() => {}, 1_000)
console.log('words of the file')
const report = await run(shop, { grace: '20s', lameDuck: '1s', marker: 'markers' })
console.log('NEVER', report)
`
    const cwd = project({ 'tree.mjs': TREE, 'main.mjs': main })
    const { code, stdout, stderr } = await quiesce(['check', 'main.mjs'], { cwd })
    expect(stdout).toBe(`main.mjs: shop, 2 services below 1 supervisor

shop
├─ db
└─ api  edge, uses db

The longest way to stop                          takes       from      until
  edges, side by side
    shop/api                                   10.00 s       0 ms    10.00 s  *
  the rest, users before what they use
    shop/db                                     2.00 s    10.00 s    12.00 s  *
    * adds up to the time of the tree

  lame duck                                     1.00 s
  tree                                         12.00 s
  log                                           500 ms
  sum                                          13.50 s
  grace                                        20.00 s
  It fits: 6.50 s to spare.
`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'words of the file\n' })
  })

  test('may take its time, and nobody need wait for it', async () => {
    const main = `${RUNS}setTimeout(() => { run(shop).then(() => console.log('NEVER')) }, 50)`
    const cwd = project({ 'tree.mjs': TREE, 'main.mjs': main })
    expect(await quiesce(['check', 'main.mjs'], { cwd })).toMatchObject({ code: 0, stderr: '' })
  })

  test('believes that it is the main module, and has its own arguments', async () => {
    const main = `${RUNS}
import { fileURLToPath } from 'node:url'
console.log(process.argv[1] === fileURLToPath(import.meta.url), process.argv.slice(2).join(' '))
await run(shop, { grace: process.argv[3] })`
    const cwd = project({ 'tree.mjs': TREE, 'main.mjs': main })
    const { stdout, stderr } = await quiesce(['check', 'main.mjs', '--', '--grace', '13s'], { cwd })
    expect(stderr).toBe('true --grace 13s\n')
    expect(stdout).toContain('It fits: 500 ms to spare.')
  })

  test('of another copy of the package is described by its own copy', async () => {
    const cwd = project({ 'tree.mjs': TREE, 'main.mjs': `${RUNS}await run(shop)` }, 'copied')
    expect(await quiesce(['check', 'main.mjs'], { cwd })).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('shop/db') })
  })

  test('flags are laid over its options', async () => {
    const cwd = project({ 'tree.mjs': TREE, 'main.mjs': `${RUNS}await run(shop, { grace: '1m' })` })
    const { code, stdout } = await quiesce(['check', 'main.mjs', '--grace', '13s', '--lame-duck', '2s'], { cwd })
    expect(code).toBe(1)
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'It does not fit: 1.50 s too long, so what stops last is cut short. Raise `grace` by that much or more (and what the platform leaves with it), or lower `shutdown` of shop/api (10.00 s)',
    )
  })
})

describe('a file that exports a tree', () => {
  test.each([
    ['as tree', 'main.mjs', `import { shop } from './tree.mjs'\nexport const tree = shop`],
    ['as its default', 'main.mjs', `import { shop } from './tree.mjs'\nexport default shop`],
    [
      'from CommonJS',
      'main.cjs',
      `const { service, supervisor } = require('quiesce')\nmodule.exports = { tree: supervisor('shop', { children: [service('db', { start: () => 1 })] }) }`,
    ],
  ])('%s', async (_, name, code) => {
    const cwd = project({ 'tree.mjs': TREE, [name]: code })
    expect(await quiesce(['check', name], { cwd })).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/db/) })
  })
})

describe('a file that cannot be checked', () => {
  const checked = async (files: Readonly<Record<string, string>>, ...args: string[]) => {
    const { stderr, ...came } = await quiesce(['check', ...args], { cwd: project({ 'tree.mjs': TREE, ...files }) })
    return { ...came, stderr: stderr.replace(/\s+/g, ' ') }
  }

  test.each([
    ['has nothing', 'console.log("hello")'],
    ['waits for ever', 'await new Promise(() => {})'],
    ['exports something else', 'export default { app: true }'],
  ])('%s: it neither calls run nor exports a tree', async (_, code) => {
    const { code: exit, stdout, stderr } = await checked({ 'main.mjs': code }, 'main.mjs')
    expect([exit, stdout]).toEqual([2, ''])
    expect(stderr).toContain('quiesce: main.mjs neither calls run(tree, options) nor exports a tree; end it with `await run(tree)`')
  })

  test('a tree that is none', async () => {
    expect(await checked({ 'main.mjs': 'export const tree = { id: "shop" }' }, 'main.mjs')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('main.mjs exports a `tree` that is none: make it with supervisor(…) of this very package'),
    })
  })

  test('one that throws: with its stack', async () => {
    const { code, stderr } = await checked({ 'main.mjs': 'throw new Error("no database here")' }, 'main.mjs')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^quiesce: main\.mjs threw while it was loaded: Error: no database here at .*main\.mjs:1/)
  })

  test('one that is no JavaScript: with how to find the line', async () => {
    const { code, stderr } = await checked({ 'main.mjs': 'const a = )\n' }, 'main.mjs')
    expect(code).toBe(1)
    expect(stderr).toMatch(/SyntaxError: Unexpected token .* node --check main\.mjs $/)
  })

  test('one that ends the process before it has called run is not taken for fine', async () => {
    expect(await checked({ 'main.mjs': 'process.exit(0)' }, 'main.mjs')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('main.mjs ended the process with code 0 before it called run(…)'),
    })
  })

  test.each([
    ['missing.mjs', 'there is no file missing.mjs in '],
    ['.', '. is no file; name the one that calls run(…)'],
  ])('%s', async (name, message) => {
    expect(await checked({}, name)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })

  test('one whose tree cannot be built: every problem, exit code 1', async () => {
    const main = `import { run, service, supervisor } from 'quiesce'
await run(supervisor('shop', { children: [service('a/b', { start: () => 1 }), service('c', { start: () => 1, shutdown: 'soon' })] }), { grace: 'x' })`
    const { code, stdout } = await checked({ 'main.mjs': main }, 'main.mjs')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^main\.mjs cannot be started: 3 problems\n\n {2}- run: `grace`[\s\S]*a\/b[\s\S]*`shutdown`/)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    const json = await checked({ 'main.mjs': main }, 'main.mjs', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      file: 'main.mjs',
      ok: false,
      problems: [expect.any(String), expect.any(String), expect.any(String)],
    })
  })
})

describe('TypeScript', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const reads = major > 22 || (major === 22 && minor >= 18)
  const cwd = (): string =>
    project({ 'tree.mjs': TREE, 'main.ts': `${RUNS}const options: { grace?: '20s' } = {}\nawait run(shop, options)` })

  test.skipIf(reads)('an older Node needs a loader, and is told so', async () => {
    const { code, stdout, stderr } = await quiesce(['check', 'main.ts'], { cwd: cwd() })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^quiesce: Node [\d.]+ does not read TypeScript by itself \(22\.18 and later do\)\.\nRun it with a loader:\n {2}node --import tsx node_modules\/\.bin\/quiesce check main\.ts\n$/,
    )
  })

  test.runIf(reads)('is read by Node itself', async () => {
    expect(await quiesce(['check', 'main.ts'], { cwd: cwd() })).toMatchObject({ code: 0 })
  })

  test('the example daemon, with a loader', async () => {
    const { code, stdout } = await quiesce(['check', 'examples/shop/main.ts'], { cwd: ROOT, node: ['--import', 'tsx'] })
    expect(code).toBe(0)
    expect(stdout).toContain('examples/shop/main.ts: shop, 4 services below 3 supervisors')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('with a manifest', () => {
  const GOOD = `
kind: Deployment
metadata: { name: shop }
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 40
      containers:
        - name: api
          command: [node, main.mjs]
          lifecycle: { preStop: { sleep: { seconds: 5 } } }
          readinessProbe: { httpGet: { path: /readyz, port: 9000 } }
          livenessProbe: { httpGet: { path: /livez, port: 9000 } }
`
  const template = 'kind: Pod\nmetadata: { name: {{ .Values.name }} }\n'
  const files = {
    'template.yaml': template,
    'tree.mjs': TREE,
    'main.mjs': `${RUNS}await run(shop)`,
    'good.yaml': GOOD,
    'bad.yaml': GOOD.replace('40', '20'),
  }

  test('that fits: nothing to say', async () => {
    const { code, stdout } = await quiesce(['check', 'main.mjs', '--manifest', 'good.yaml'], { cwd: project(files) })
    expect(stdout).toMatch(/\n\ngood\.yaml: Deployment\/shop, container api\n\n {2}Nothing to say\.\n$/)
    expect(code).toBe(0)
  })

  test('that does not: line, numbers, what to do; exit code 1', async () => {
    const { code, stdout } = await quiesce(['check', 'main.mjs', '--manifest', 'bad.yaml'], { cwd: project(files) })
    expect(stdout).toContain(`
  error   line 7: terminationGracePeriodSeconds
          The kubelet kills after 20 s, but preStop takes 5 s, then \`grace\` is
          25.00 s: 30 s are needed, 10 s are missing.
          Write terminationGracePeriodSeconds: 30 or more, or lower \`grace\` to
          15 s.

  1 error, 0 warnings, 0 notes
`)
    expect(code).toBe(1)
  })

  test('from standard input, as JSON', async () => {
    const { code, stdout } = await quiesce(['check', 'main.mjs', '--manifest', '-', '--json'], {
      cwd: project(files),
      input: files['bad.yaml'],
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'main.mjs',
      ok: false,
      tree: { id: 'shop', startTimeoutMs: null },
      stop: { graceMs: 25_000, treeMs: 12_000, overMs: 0, services: [{ address: 'shop/api', untilMs: 10_000 }, { address: 'shop/db' }] },
      manifest: { workload: 'Deployment/shop', container: 'api', findings: [{ rule: 'graceFits', severity: 'error', where: { line: 7 } }] },
    })
  })

  test.each([
    [['--manifest', 'none.yaml'], 'none.yaml cannot be read: ENOENT'],
    [
      ['--manifest', 'template.yaml'],
      'template.yaml is no YAML, line 2: a key that is a whole mapping or list. A template must be rendered first: helm template',
    ],
    [['--manifest', 'good.yaml', '--container', 'web'], 'no container is called web; there are Deployment/shop/api'],
  ])('%j cannot be used', async (args, message) => {
    const { code, stdout, stderr } = await quiesce(['check', 'main.mjs', ...args], { cwd: project(files) })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.replace(/\s+/g, ' ')).toContain(message)
  })
})
