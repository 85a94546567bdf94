// Writes what a daemon does into a file, one frame a line, as inspectors are sent it: the page opens it later, without the daemon. The
// file is appended to: each run begins with a state that says which run it is.
import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { logError } from '../base/log-error.js'
import type { Attachment, Observed, Observer } from '../observe/observer.js'
import { type Problems, show } from '../protocol/spec.js'

const FRAMES_AT_ONCE = 1_000

/**
 * Records a daemon's life into a file (JSON lines): `run(tree, { observers: [recorder('shop.recording')] })`, or
 * `quiesce run --record FILE`. `quiesce inspect FILE` opens it. Holds names, states, times and the messages of errors, never what
 * services were sent or hold.
 *
 * Written about forty times a second while something happens; what happened in the last moment before a process is killed is lost.
 *
 * What is wrong with the path is reported in the `SpecError` (ERR_SPEC) of `run`.
 *
 * @example
 * ```ts
 * import { mkdtempSync, readFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { run, service, supervisor } from 'quiesce'
 * import { recorder } from 'quiesce/inspect'
 *
 * const file = join(mkdtempSync(join(tmpdir(), 'quiesce-')), 'shop.recording')
 * const db = service('db', { start: () => 'connected' })
 * const stop = new AbortController()
 * const options = { signal: stop.signal, log: false, probes: false, marker: false, admin: false } as const
 * await run(supervisor('shop', { children: [db] }), { ...options, observers: [recorder(file)], onReady: () => stop.abort() })
 * const frames = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
 * console.log(frames[0].type, frames[0].daemon.id) // state shop
 * console.log(frames.at(-1).report.clean) // true
 * ```
 */
export function recorder(file: string): Observer {
  return {
    name: 'recorder',
    check: (problems) => checkFile(file, problems),
    attach: (observed) => attach(observed, resolve(file)),
  }
}

function attach({ watch, log }: Observed, file: string): Attachment {
  let isFailed = false
  const reader = watch.read(0, () => write())
  const write = (): void => {
    if (isFailed) return
    try {
      for (let frames = reader.next(FRAMES_AT_ONCE); frames.length > 0; frames = reader.next(FRAMES_AT_ONCE))
        appendFileSync(file, frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''))
    } catch (error) {
      isFailed = true
      reader.close()
      log.warn({ file, ...logError(error) }, 'the recording cannot be written; it ends here')
    }
  }
  write()
  return { close: write }
}

function checkFile(file: unknown, problems: Problems): void {
  if (typeof file !== 'string' || file === '') problems.add('recorder', `the file is ${show(file)}; write the path of a file`)
}
