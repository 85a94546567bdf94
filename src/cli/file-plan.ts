// What a file would run, without running it. Its own words go to standard error meanwhile: what the command prints is for whoever reads it on.
import { writeSync } from 'node:fs'
import type { RunOptions } from '../daemon/options.js'
import type { Plan } from '../daemon/plan.js'
import { type Called, load } from './load.js'
import { count, wrap } from './text.js'

/** The plan of the daemon in a file, `flags` laid over its options. @throws UsageError, FileError */
export async function planIn(called: Called, flags: RunOptions): Promise<Plan> {
  const { write } = process.stdout
  process.stdout.write = process.stderr.write.bind(process.stderr)
  const onExit = (code: number): void => {
    writeSync(2, `quiesce: ${called.file} ended the process with code ${code} before it called run(…)\n`)
    process.exitCode = 2
  }
  process.on('exit', onExit)
  try {
    const { plan } = await load(called, { take: () => new Promise(() => {}), late: () => {} })
    return plan(flags)
  } finally {
    process.off('exit', onExit)
    process.stdout.write = write
  }
}

/** What is wrong with a tree that cannot be built, as text or as JSON. */
export function problemsText({ file, json }: { readonly file: string; readonly json: boolean }, problems: readonly string[]): string {
  if (json) return `${JSON.stringify({ file, ok: false, problems })}\n`
  const lines = [
    `${file} cannot be started: ${count(problems.length, 'problem')}`,
    '',
    ...problems.flatMap((each) => wrap(each, '    ', '  - ')),
  ]
  return `${lines.join('\n')}\n`
}
