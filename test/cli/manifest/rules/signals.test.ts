// Whether the signal reaches the daemon.
import { describe, expect, test } from 'vitest'
import { found } from '../pod.js'

const direct = (...words: string[]): string[] => found('commandIsDirect', { container: `command: ${JSON.stringify(words)}` })

describe('the first process', () => {
  test.each([
    [['node', 'main.js']],
    [['/usr/local/bin/node', '--import', 'tsx', 'main.ts']],
    [['tini', '--', 'node', 'main.js']],
    [['sh', '-c', 'exec node main.js']],
    [['sh', '-c', 'migrate && exec node main.js']],
    [['/app/server']],
  ])('%j hears it', (words) => expect(direct(...words)).toEqual([]))

  test.each([
    [['npm', 'start'], /^error: The first process is `npm start`/],
    [['yarn', 'run', 'serve'], /^error: The first process is `yarn run serve`/],
    [['sh', '-c', 'node main.js'], /^warning: The first process is a shell \(`sh -c …`\)/],
    [['/bin/bash', '-lc', 'exec migrate; node main.js'], /^warning: The first process is a shell/],
    [['sh', 'start.sh'], /^warning: The first process is a shell \(`sh start\.sh`\)/],
    [['tsx', 'main.ts'], /^warning: `tsx` starts the daemon as its child.*"--import", "tsx"/],
    [['node_modules/.bin/nodemon', 'main.js'], /^warning: `nodemon`/],
  ])('%j may not', (words, what) => expect(direct(...words)).toEqual([expect.stringMatching(what)]))

  test('may be written as arguments', () => {
    expect(found('commandIsDirect', { container: 'args: [npm, start]' })).toHaveLength(1)
    expect(found('commandIsDirect', {})).toEqual([])
  })
})

test('a signal at which the daemon stops', () => {
  const heard = (container: string, stopSignals: readonly string[]): string[] => found('signalIsHeard', { container }, { stopSignals })
  expect(heard('', ['SIGTERM'])).toEqual([])
  expect(heard('', ['SIGINT'])).toEqual([
    expect.stringContaining('error: The kubelet stops the container with SIGTERM, at which the daemon does not stop (it does at SIGINT)'),
  ])
  expect(heard('lifecycle: { stopSignal: SIGUSR1 }', ['SIGTERM'])).toEqual([
    expect.stringContaining("Write `signals: { SIGUSR1: 'escalate' }`, or leave stopSignal out"),
  ])
  expect(heard('lifecycle: { stopSignal: SIGUSR1 }', ['SIGUSR1'])).toEqual([])
})
