#!/usr/bin/env node
// The program `quiesce`. What a command prints goes to standard output, what is wrong with the call to standard error.
import { readFileSync } from 'node:fs'
import { describe } from '../base/errors.js'
import { readArguments } from './arguments.js'
import { checkCommand } from './check-command.js'
import { COMMANDS, helpOf, overview } from './commands.js'
import { FileError } from './load.js'
import { reportCommand } from './report-command.js'
import { runCommand } from './run-command.js'
import { wrap } from './text.js'
import { UsageError } from './usage-error.js'

const EXIT = { fine: 0, found: 1, usage: 2 } as const

/** What a command comes to; undefined when the process is somebody else's from now on. */
async function perform(args: readonly string[]): Promise<{ readonly text: string; readonly code: number } | undefined> {
  const request = readArguments(args, process.env)
  switch (request.command) {
    case 'help': {
      const topic = request.topic === undefined ? undefined : COMMANDS[request.topic]
      return { text: topic === undefined ? overview() : helpOf(topic), code: EXIT.fine }
    }
    case 'version':
      return { text: `${version()}\n`, code: EXIT.fine }
    case 'run':
      return void (await runCommand(request, request.flags))
    case 'report':
      return { text: reportCommand(request), code: EXIT.fine }
    case 'check': {
      const { text, isFine } = await checkCommand(request)
      return { text, code: isFine ? EXIT.fine : EXIT.found }
    }
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

// Whoever reads may have gone already, as `head` does: then the write has failed, and is called back all the same.
function finish(stream: NodeJS.WriteStream, text: string, code: number): void {
  process.exitCode = code
  stream.write(text, () => process.exit(code))
}

function fail(error: unknown): void {
  if (error instanceof UsageError) {
    const more = `Try: quiesce help${error.command === undefined ? '' : ` ${error.command}`}`
    const lines = [...wrap(error.message, '', 'quiesce: '), error.instead === undefined ? more : `  ${error.instead}`]
    return finish(process.stderr, `${lines.join('\n')}\n`, EXIT.usage)
  }
  if (error instanceof FileError) return finish(process.stderr, `quiesce: ${error.message}\n`, EXIT.found)
  finish(process.stderr, `quiesce: ${error instanceof Error ? error.stack : describe(error)}\n`, EXIT.found)
}

perform(process.argv.slice(2)).then((done) => done && finish(process.stdout, done.text, done.code), fail)
