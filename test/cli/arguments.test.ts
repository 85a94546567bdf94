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
  for (const command of Object.values(COMMANDS)) {
    for (const name of Object.keys(command.options)) expect(helpOf(command)).toContain(`--${name}`)
  }
})
