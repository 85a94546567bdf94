// The thread of the watchdog. It is started from the text of these functions, not from a file: an application that is bundled has no
// file of ours any more. So each of them refers to nothing outside itself but its parameters and what Node has in every thread, and
// names no function inside, since bundlers that keep names would wrap it in a call of something that is not there.
import type { Session } from 'node:inspector'
import type { checkLoop, LoopState, LoopVerdict, WatchdogLimits } from '../../policy/watchdog.js'

/** What the thread is started with. */
export interface WatchdogData {
  readonly limits: WatchdogLimits
  readonly graceMs: number
  /** Shared with the main thread. */
  readonly cells: Int32Array
  /** To which its last word is added, for the next start. */
  readonly markerFile: string | undefined
}

/** Which of the shared numbers is what: turns of the loop, whether a debugger is there, how long the stop may take. */
export const CELLS = { turns: 0, isDebugged: 1, stopMs: 2 } as const

/** What it leaves in the marker. */
export interface WatchdogWord {
  readonly endedAt: string
  /** How long the loop had not turned. */
  readonly stillMs: number
  readonly place: string | undefined
}

/** The functions that the thread is given. */
export interface ThreadParts {
  readonly checkLoop: typeof checkLoop
  readonly placeOf: typeof placeOf
  readonly lastLine: typeof lastLine
  readonly formatMs: (ms: number) => string
  readonly unseen: LoopState
  readonly at: typeof CELLS
}

/** What it found where the loop is. */
export interface Found {
  readonly verdict: LoopVerdict
  readonly stillMs: number
  readonly limitMs: number
  readonly graceMs: number
  /** Innermost first. Undefined: not known. */
  readonly place: string | undefined
  /** It was asked and has not answered. */
  readonly isSilent: boolean
}

/** Watches until it is ended with its process. */
export function watchLoop(data: WatchdogData, { checkLoop, placeOf, lastLine, formatMs, unseen, at }: ThreadParts): void {
  const { limits, cells, graceMs, markerFile } = data
  const { openSync, writeSync, constants } = process.getBuiltinModule('node:fs')
  // Evaluated in the main thread, in the middle of what it does. Whoever has set a longer trace keeps it.
  const question = `(() => {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 16
    const stack = String(new Error().stack)
    Error.stackTraceLimit = limit
    return JSON.stringify([stack, process.getBuiltinModule('node:inspector').url() ?? ''])
  })() //# sourceURL=quiesce-watchdog`
  let state = unseen
  let session: Session | undefined
  let place: string | undefined
  let isDebugged = false
  let isSilent = true
  setInterval(() => {
    const sight = {
      turns: Atomics.load(cells, at.turns),
      isDebugged: isDebugged || Atomics.load(cells, at.isDebugged) === 1,
      stopMs: Atomics.load(cells, at.stopMs),
      isPlaced: place !== undefined,
    }
    const checked = checkLoop(state, sight, limits)
    state = checked.state
    if (checked.verdict === 'fine') {
      session?.disconnect()
      session = undefined
      place = undefined
      isDebugged = false
      isSilent = true
      return
    }
    if (checked.verdict === 'ask') {
      try {
        if (session === undefined) {
          session = new (process.getBuiltinModule('node:inspector').Session)()
          session.connectToMainThread()
          session.on('Debugger.paused', ({ params }) => {
            const calls = params.callFrames.map(({ functionName: name, url, location: { lineNumber, columnNumber = 0 } }) =>
              // Scripts of Node's own may have no name.
              url === '' ? '' : `    at ${name} (${url}:${lineNumber + 1}:${columnNumber + 1})`,
            )
            place ??= placeOf(calls.join('\n'))
            if (place === undefined) session?.post('Debugger.stepInto')
          })
        }
        session.post('Runtime.evaluate', { expression: question, silent: true, returnByValue: true }, (error, answer) => {
          const value: unknown = error === null ? answer.result.value : undefined
          if (typeof value !== 'string') return
          const [stack = '', url = ''] = JSON.parse(value) as string[]
          isSilent = false
          isDebugged = url !== ''
          place ??= placeOf(stack)
          // Between two steps of a chain of promises: it is led on until it is in one.
          if (place === undefined && !isDebugged) {
            session?.post('Debugger.enable')
            session?.post('Debugger.pause')
          }
        })
      } catch {
        // Where it is will not be known.
      }
      return
    }
    const { stillMs } = state
    const found = {
      verdict: checked.verdict,
      stillMs,
      limitMs: limits.limitMs,
      graceMs,
      place,
      isSilent: isSilent && session !== undefined,
    }
    try {
      writeSync(2, `quiesce: ${lastLine(found, formatMs)}\n`)
    } catch {
      // There is nobody left to tell.
    }
    try {
      // Only where it still lies: it is taken away with the farewell.
      const file = openSync(markerFile ?? '', constants.O_WRONLY | constants.O_APPEND)
      writeSync(file, `\n${JSON.stringify({ endedAt: new Date().toISOString(), stillMs, place })}`)
    } catch {
      // The next start will know less.
    }
    process.kill(process.pid, 'SIGKILL')
  }, limits.everyMs)
}

/**
 * The calls in a stack trace that say where the loop is, innermost first; undefined where there are none but Node's own, as between two
 * steps of a chain of promises.
 */
export function placeOf(stack: string): string | undefined {
  const calls = stack
    .split('\n')
    // Without the question itself, and what Node calls the application with.
    .filter((line) => line.startsWith('    at ') && !line.includes('quiesce-watchdog') && !line.includes('node:'))
    .map((line) => line.slice('    at '.length).replace('file://', '').replace(' (<anonymous>)', ''))
  return calls.some((call) => /:\d+:\d+\)?$/.test(call)) ? calls.slice(0, 4).join(', called by ') : undefined
}

/** What it says at the end. */
export function lastLine(found: Found, formatMs: (ms: number) => string): string {
  const { verdict, stillMs, limitMs, graceMs, place, isSilent } = found
  const unknown = isSilent ? 'in native code or a call of the system that does not return, so where is not known' : 'where is not known'
  const where = place === undefined ? unknown : `at ${place}`
  const still = `the event loop has not turned for ${formatMs(stillMs)}`
  const stop = `the stop has taken more than its grace of ${formatMs(graceMs)} and a second, and ${still}`
  const [what, remedy] =
    verdict === 'stop-overdue'
      ? [stop, '']
      : [`${still}, \`watchdog\` is ${formatMs(limitMs)}`, ', or raise `watchdog` if it may take so long']
  return `${what}; ${where}. Killed by SIGKILL, nothing was drained. Cut this work up or move it to a worker thread${remedy}.`
}
