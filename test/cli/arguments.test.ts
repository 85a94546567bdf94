// The command line as words: what is asked for, and every way to ask wrongly.
import { describe, expect, test } from 'vitest'
import { readArguments } from '../../src/cli/arguments.js'
import { COMMANDS } from '../../src/cli/commands.js'
import { helpOf, overview } from '../../src/cli/help.js'
import { nearest } from '../../src/cli/nearest.js'
import { UsageError } from '../../src/cli/usage-error.js'

const read = (line: string, env: NodeJS.ProcessEnv = {}): unknown => readArguments(line.split(' ').filter(Boolean), env)

describe('what is asked for', () => {
  test('run', () => {
    expect(read('run main.js')).toEqual({ command: 'run', file: 'main.js', fileArguments: [], flags: {} })
    expect(read('run --grace 30s main.js --lame-duck=250 --probes-port 0 --report r.jsonl -- --port 80 -v')).toEqual({
      command: 'run',
      file: 'main.js',
      fileArguments: ['--port', '80', '-v'],
      flags: { grace: 30_000, lameDuck: 250, probes: { port: 0 }, report: 'r.jsonl' },
    })
  })

  test('run, with the report where the environment says, unless it is said here', () => {
    expect(read('run main.js', { QUIESCE_REPORT: 'e.jsonl' })).toMatchObject({ flags: { report: 'e.jsonl' } })
    expect(read('run main.js --report r.jsonl', { QUIESCE_REPORT: 'e.jsonl' })).toMatchObject({ flags: { report: 'r.jsonl' } })
    expect(read('run main.js', { QUIESCE_REPORT: '' })).toMatchObject({ flags: {} })
  })

  test('check', () => {
    expect(read('check main.js')).toEqual({
      command: 'check',
      file: 'main.js',
      fileArguments: [],
      flags: {},
      json: false,
      manifest: undefined,
      container: undefined,
    })
    expect(read('check main.js --json --manifest - --container shop/api --grace 1m')).toMatchObject({
      json: true,
      manifest: '-',
      container: 'shop/api',
      flags: { grace: 60_000 },
    })
  })

  test('report', () => {
    expect(read('report r.jsonl')).toMatchObject({ command: 'report', target: 'r.jsonl', number: 1, json: false })
    expect(read('report')).toMatchObject({ target: undefined })
    expect(read('report --socket s', { QUIESCE_REPORT: 'e.jsonl' })).toMatchObject({ target: undefined, socket: 's' })
    expect(read('report -n 3 r.jsonl --json')).toMatchObject({ number: 3, json: true })
    expect(read('report -n3 -')).toMatchObject({ number: 3, target: '-' })
    expect(read('report --all', { QUIESCE_REPORT: 'e.jsonl' })).toMatchObject({ target: 'e.jsonl', number: Number.POSITIVE_INFINITY })
  })

  test('what is asked of a running daemon', () => {
    const of = { socket: undefined, timeoutMs: 5_000, json: false }
    expect(read('tree')).toEqual({ command: 'tree', target: undefined, depth: Number.POSITIVE_INFINITY, all: false, ...of })
    expect(read('tree shop/web --depth 2 -a --json --timeout 300ms --socket s.sock')).toEqual({
      command: 'tree',
      target: 'shop/web',
      depth: 2,
      all: true,
      socket: 's.sock',
      timeoutMs: 300,
      json: true,
    })
    expect(read('top 4711')).toEqual({ command: 'top', target: '4711', ...of })
    expect(read('restart shop/api')).toMatchObject({ command: 'restart', target: 'shop/api' })
    expect(read('drain')).toMatchObject({ command: 'drain', target: undefined, yes: false })
    expect(read('kill -y shop/api')).toMatchObject({ command: 'kill', target: 'shop/api', yes: true })
    expect(read('step-down')).toMatchObject({ command: 'step-down', target: undefined })
    expect(read('inspect shop.recording --open --port 8080')).toMatchObject({
      target: 'shop.recording',
      open: true,
      port: 8_080,
      controls: false,
    })
    expect(read('graph main.js -f dot -- --port 80')).toMatchObject({ target: 'main.js', format: 'dot', fileArguments: ['--port', '80'] })
  })

  test('an address as logs and shells write it', () => {
    expect(read('tree shop/api#3')).toMatchObject({ target: 'shop/api' })
    expect(read('tree shop/web/')).toMatchObject({ target: 'shop/web' })
    expect(read('report odd#3')).toMatchObject({ target: 'odd#3' })
  })

  test('a socket that the environment names, unless one is named here', () => {
    expect(read('tree', { QUIESCE_SOCKET: 'e.sock' })).toMatchObject({ socket: 'e.sock' })
    expect(read('tree --socket s.sock', { QUIESCE_SOCKET: 'e.sock' })).toMatchObject({ socket: 's.sock' })
    expect(read('tree', { QUIESCE_SOCKET: '' })).toMatchObject({ socket: undefined })
  })

  test('completion, and what its scripts ask', () => {
    expect(read('completion zsh')).toEqual({ command: 'completion', shell: 'zsh' })
    expect(read('__complete address shop/')).toEqual({ command: 'complete', kind: 'address', word: 'shop/' })
    expect(read('__complete daemon')).toEqual({ command: 'complete', kind: 'daemon', word: '' })
  })

  test('help and version', () => {
    expect(['--help', '-h', 'help'].map((line) => read(line))).toEqual(Array(3).fill({ command: 'help', topic: undefined }))
    expect(['help check', 'check --help', 'check -h', 'check x --help'].map((line) => read(line))).toEqual(
      Array(4).fill({ command: 'help', topic: 'check' }),
    )
    expect(['--version', '-v'].map((line) => read(line))).toEqual(Array(2).fill({ command: 'version' }))
  })
})

test.each([
  ['', 'Give a command'],
  ['chekc main.js', 'there is no command "chekc"; did you mean "check"?'],
  ['help rnu', 'there is no command "rnu"; did you mean "run"?'],
  ['deploy', 'there is no command "deploy"'],
  ['constructor', 'there is no command "constructor"'],
  ['--json check', 'a command comes before options such as --json'],
  ['check', 'which file? quiesce check FILE'],
  ['check a.js b.js', 'one file, please: there are "a.js" and "b.js"'],
  ['check a.js --manifset x', 'check has no option --manifset; did you mean --manifest?'],
  ['check a.js --zzzzzz', 'check has no option --zzzzzz'],
  ['run a.js --json', 'run has no option --json'],
  ['check a.js -x', 'check has no option -x'],
  ['check a.js --json=yes', '--json takes no value'],
  ['check a.js --manifest', '--manifest needs a value: --manifest YAML'],
  ['check a.js --manifest --json', '--manifest needs a value'],
  ['check a.js --container x', '--container says which one of a manifest: give --manifest too'],
  ['run a.js --grace soon', '--grace soon is not a time; write 250ms, 5s, 2m, 1h, or milliseconds'],
  ['run a.js --lame-duck=-1', '--lame-duck -1 is not a time'],
  ['run a.js --probes-port 70000', '--probes-port 70000 is not a port'],
  ['run a.js --probes-port x', '--probes-port x is not a port'],
  ['report a b', 'one file, please'],
  ['tree a b', 'one address, please: there are "a" and "b"'],
  ['tree shop//api', '"shop//api" is no address; it reads like shop/api'],
  ['tree /shop', '"/shop" is no address'],
  ['tree --depth deep', '-d deep is not a number of levels (0 or more)'],
  ['tree --timeout soon', '--timeout soon is not a time'],
  ['tree --yes', 'tree has no option --yes'],
  ['restart', 'which service? quiesce restart ADDRESS, as `quiesce tree` shows it'],
  ['kill --yes', 'which service? quiesce kill ADDRESS'],
  ['inspect --port 70000', '--port 70000 is not a port (0 to 65535)'],
  ['graph -f svg', '--format svg is not known; there are mermaid and dot'],
  ['completion tcsh', 'tcsh is not known; bash, zsh or fish'],
  ['topp', 'there is no command "topp"; did you mean "top"?'],
  ['report a -n 0', '-n 0 is not a number of reports'],
  ['report a -n x', '-n x is not a number of reports'],
])('%j is a mistake: %s', (line, message) => {
  expect(() => read(line)).toThrow(UsageError)
  expect(() => read(line)).toThrow(message)
})

test('the nearest word is one that may be meant', () => {
  const known = ['run', 'check', 'report']
  expect(['rn', 'urn', 'ceck', 'chekc', 'repotr', 'reports', 'runn'].map((word) => nearest(word, known))).toEqual([
    'run',
    'run',
    'check',
    'check',
    'report',
    'report',
    'run',
  ])
  expect(['deploy', 'x', 'zebra'].map((word) => nearest(word, known))).toEqual([undefined, undefined, undefined])
})

test('help fits into 80 columns and names every option', () => {
  const texts = [overview(), ...Object.values(COMMANDS).map(helpOf)]
  expect(
    texts
      .join('\n')
      .split('\n')
      .filter((line) => line.length > 80),
  ).toEqual([])
  for (const [name, { title }] of Object.entries(COMMANDS)) expect(overview()).toMatch(new RegExp(`^  ${name} +${title.slice(0, 20)}`, 'm'))
  for (const command of Object.values(COMMANDS)) {
    for (const name of Object.keys(command.options)) expect(helpOf(command)).toContain(`--${name}`)
    // What stands behind its name is explained by that name.
    for (const [operand] of command.synopsis.matchAll(/\b(?:FILE|ADDRESS|DAEMON)\b/g)) expect(command.about.join(' ')).toContain(operand)
  }
})
