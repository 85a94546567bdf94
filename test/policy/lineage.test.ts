// What is said of the processes above this one, as operating systems show them.
import { describe, expect, test } from 'vitest'
import { type Ancestor, type Lineage, type LineageNote, lineageNotes } from '../../src/policy/lineage.js'

const SH = ['sh', '-c', 'node dist/main.js --token=hunter2']
const NPM = ['npm start']
const SYSTEMD = ['/usr/lib/systemd/systemd', '--system']

function notes(argvs: readonly (readonly string[])[], more: Partial<Lineage> = {}): LineageNote[] {
  const ancestors = argvs.map((argv, index): Ancestor => ({ pid: argvs.length - index, argv }))
  const command = ['node', 'dist/main.js']
  return lineageNotes({ pid: 50, ancestors, command, script: undefined, manager: undefined, isProduction: false, ...more })
}

const named = (argvs: readonly (readonly string[])[]): unknown => notes(argvs).map(({ fields }) => fields)

describe('a process above that keeps the signal to itself', () => {
  test('npm as process 1: named, with what to write instead', () => {
    expect(notes([SH, NPM])).toEqual([
      {
        level: 'warn',
        fields: { pid: 1, process: 'npm start' },
        message:
          'process 1 of the container is `npm start`, which does not hand SIGTERM to this process: it would be killed in the middle of its work; write CMD ["node", "dist/main.js"]',
      },
    ])
  })

  test('a shell as process 1: `exec` helps as well', () => {
    expect(notes([SH])[0]?.message).toBe(
      'process 1 of the container is `sh -c …`, which does not hand SIGTERM to this process: it would be killed in the middle of its work; write CMD ["node", "dist/main.js"], or `exec node …` as the last line of a script',
    )
  })

  test('flags and arguments of our own are left out', () => {
    expect(notes([SH], { command: ['node', '…', 'main.ts', '…'] })[0]?.message).toContain('CMD ["node", …, "main.ts", …]')
  })

  test.each([
    ['npm, before it has given itself a title', ['node', '/usr/local/bin/npm', 'start'], 'npm start'],
    ['npm run', ['npm run serve'], 'npm run serve'],
    ['npm with options that may be secret', ['node', '/usr/local/bin/npm', 'run', 'serve', '--token=hunter2'], 'npm run serve'],
    ['npm run with a positional argument', ['npm run serve hunter2'], 'npm run serve'],
    ['npm with a positional argument', ['npm start hunter2'], 'npm start'],
    ['npm exec', ['npm exec'], 'npm exec'],
    ['npx', ['node', '/usr/local/lib/node_modules/npm/bin/npx-cli.js', 'app'], 'npx app'],
    ['yarn 1', ['node', '/opt/yarn-v1.22.22/bin/yarn.js', 'start'], 'yarn start'],
    ['yarn 4', ['/usr/local/bin/node', '/app/.yarn/releases/yarn-4.5.0.cjs', 'run', 'start'], 'yarn run start'],
    ['pnpm', ['node', '--no-warnings', '/usr/local/bin/pnpm.cjs', 'start'], 'pnpm start'],
    ['pnpm with a secret where the script should be', ['pnpm', 'run', 'pass=word'], 'pnpm run'],
    ['a shell with its path', ['/bin/bash', '-ec', 'node dist/main.js'], 'bash -c …'],
    ['an entry point', ['/bin/sh', '/usr/local/bin/docker-entrypoint.sh', 'secret'], 'sh docker-entrypoint.sh'],
    ['busybox', ['/bin/busybox', 'ash', '-c', 'node x'], 'ash -c …'],
  ])('%s', (_, argv, shown) => {
    expect(named([argv])).toEqual([{ pid: 1, process: shown }])
  })

  test('behind an init process, the one right below it', () => {
    expect(named([SH, NPM, ['/sbin/docker-init', '--', 'npm', 'start']])).toEqual([{ pid: 2, process: 'npm start' }])
    expect(named([SH, ['tini', '-g', '--', 'sh', '-c', 'node x']])).toEqual([{ pid: 2, process: 'sh -c …' }])
  })

  test('nothing of what could be a secret is said', () => {
    for (const argvs of [[SH, NPM], [['bash', '/entry.sh', 'hunter2']], [['npm', 'start', 'hunter2']]])
      expect(JSON.stringify(notes(argvs))).not.toContain('hunter2')
  })
})

describe('nothing is said', () => {
  test.each([
    ['without parents that can be seen', []],
    ['under an init process', [['/usr/bin/tini', '--', 'node', 'dist/main.js']]],
    ['where something else looks after it, whatever is in between', [SH, NPM, SYSTEMD]],
    ['in a terminal', [['-bash'], ['sshd: me@pts/0'], SYSTEMD]],
    ['in a terminal of a container', [['bash']]],
    ['in a terminal of a container, through npm', [SH, NPM, ['/bin/sh', '-i']]],
    ['under a test runner or process manager, even in a container', [SH, ['node', '/app/node_modules/.bin/vitest'], SH, NPM]],
    ['where a command line may not be read', [SH, []]],
    ['where a program has a name like one', [['npmish', 'start']]],
    ['where a program has a name that ends like one', [['turnpm', 'start']]],
  ])('%s', (_, argvs) => {
    expect(notes(argvs)).toEqual([])
  })
})

describe('started by a package manager, outside of a container', () => {
  const script = 'serve'

  test('in production: by its name, with what to write instead', () => {
    const manager = '/usr/lib/node_modules/npm/bin/npm-cli.js'
    expect(notes([SH, NPM, SYSTEMD], { script, manager, isProduction: true })).toEqual([
      {
        level: 'warn',
        fields: { script },
        message:
          'started by a package manager (npm), which may not pass signals on; in production start node without it: node dist/main.js',
      },
    ])
    expect(notes([], { script, isProduction: true })[0]?.message).toMatch(/^started by a package manager, which/)
  })

  test('not when node was started without one', () => {
    expect(notes([SYSTEMD], { isProduction: true })).toEqual([])
  })

  test('not while developing', () => {
    expect(notes([SH, NPM, SYSTEMD], { script })).toEqual([])
  })

  test('in a container there is one warning, not two', () => {
    expect(notes([SH, NPM], { script, isProduction: true })).toHaveLength(1)
  })
})

test('as process 1: a note, since signals are heard', () => {
  expect(notes([], { pid: 1, script: 'start', isProduction: true })).toEqual([
    {
      level: 'info',
      fields: {},
      message:
        'this is process 1: it hears its signals, but nobody reaps orphaned processes; use `docker run --init`, or `shareProcessNamespace: true` in Kubernetes, if its children leave any behind',
    },
  ])
})
