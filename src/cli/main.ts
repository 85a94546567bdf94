#!/usr/bin/env node
// The program `quiesce`. What a command prints goes to standard output, what is wrong with the call to standard error.
import { ownVersion } from '../daemon/daemon-info.js'
import { readArguments } from './arguments.js'
import { openInBrowser } from './browser.js'
import { checkCommand } from './check-command.js'
import { COMMANDS } from './commands.js'
import { complaintOf, EXIT } from './complaint.js'
import { completionsFor } from './completion/ask.js'
import { completionScript } from './completion/script.js'
import { confirmOn } from './confirm.js'
import { controlCommand } from './control-command.js'
import { graphCommand } from './graph-command.js'
import { helpOf, overview } from './help.js'
import { type InspectRequest, inspectCommand } from './inspect-command.js'
import { paint, surfaceOf } from './paint.js'
import { reportCommand } from './report-command.js'
import { runCommand } from './run-command.js'
import { topCommand } from './top-command.js'
import { treeCommand } from './tree-command.js'

interface Done {
  readonly text: string
  readonly code: number
}

const { stdout, stderr, env } = process
// As a shell has it: 128 and the number of the signal.
const INTERRUPTED = 130

/** What a command comes to; undefined when the process is somebody else's from now on. */
async function perform(args: readonly string[]): Promise<Done | undefined> {
  const request = readArguments(args, env)
  switch (request.command) {
    case 'help': {
      const topic = request.topic === undefined ? undefined : COMMANDS[request.topic]
      return { text: topic === undefined ? overview() : helpOf(topic), code: EXIT.fine }
    }
    case 'completion':
      return { text: completionScript(request.shell), code: EXIT.fine }
    case 'complete':
      return { text: (await completionsFor(request.kind, request.word, env)).map((each) => `${each}\n`).join(''), code: EXIT.fine }
    case 'version':
      return { text: `${ownVersion()}\n`, code: EXIT.fine }
    case 'run':
      return void (await runCommand(request))
    case 'report':
      return { text: await reportCommand(request, env), code: EXIT.fine }
    case 'check': {
      const { text, isFine } = await checkCommand(request)
      return { text, code: isFine ? EXIT.fine : EXIT.found }
    }
    case 'tree': {
      const { text, notes } = await treeCommand(request, env, surfaceOf(stdout, env))
      for (const note of notes) say(note)
      return { text, code: EXIT.fine }
    }
    case 'graph': {
      const { text, isFine, notes } = await graphCommand(request, env)
      for (const note of notes) say(note)
      return { text, code: isFine ? EXIT.fine : EXIT.found }
    }
    case 'inspect':
      return await inspect(request)
    case 'top':
      return await topCommand(request, { env, input: process.stdin, output: stdout, surface: () => surfaceOf(stdout, env), note: say })
    case 'restart':
    case 'drain':
    case 'kill':
    case 'step-down': {
      // Nobody may be reading any more, as behind `head`: what was asked for is seen to its end all the same.
      stdout.on('error', () => {})
      const surface = surfaceOf(stdout, env)
      const { text, isDone } = await controlCommand(request, env, {
        show: (line) => stdout.write(`${paint(line, surface)}\n`),
        note: say,
        confirm: confirmOn(process.stdin, stderr),
        begin: () => process.once('SIGINT', () => finish(stderr, 'quiesce: the daemon goes on with it all the same\n', INTERRUPTED)),
      })
      return { text, code: isDone ? EXIT.fine : EXIT.found }
    }
  }
}

// The address alone on standard output, so that it can be used.
async function inspect(request: InspectRequest & { readonly open: boolean; readonly json: boolean }): Promise<Done> {
  const { url, words, server, notes } = await inspectCommand(request, env)
  for (const note of notes) say(note)
  stdout.write(request.json ? `${JSON.stringify({ url })}\n` : `${url}\n`)
  say(words)
  const problem = request.open ? await openInBrowser(url) : undefined
  if (problem !== undefined) say(problem)
  if (server !== undefined) {
    await signalled()
    await server.close(0)
  }
  return { text: '', code: EXIT.fine }
}

/** Resolves when somebody has seen enough. */
function signalled(): Promise<void> {
  const alive = setInterval(() => {}, 2 ** 31 - 1)
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(name, () => {
        clearInterval(alive)
        resolve()
      })
    }
  })
}

function say(line: string): void {
  stderr.write(`quiesce: ${line}\n`)
}

// Whoever reads may have gone already, as `head` does: then the write has failed, and is called back all the same.
function finish(stream: NodeJS.WriteStream, text: string, code: number): void {
  process.exitCode = code
  stream.write(text, () => process.exit(code))
}

function fail(error: unknown): void {
  const { text, code, isJson } = complaintOf(error, process.argv.includes('--json'))
  finish(isJson ? stdout : stderr, text, code)
}

perform(process.argv.slice(2)).then((done) => done && finish(stdout, done.text, done.code), fail)
