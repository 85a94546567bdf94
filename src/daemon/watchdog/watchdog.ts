// The watchdog of a daemon, on the side of the main thread: a heartbeat into shared memory, and the thread that looks at it. Neither
// keeps the process alive.
import { isMainThread, Worker } from 'node:worker_threads'
import { formatMs } from '../../base/duration.js'
import { logError } from '../../base/log-error.js'
import { checkLoop, UNSEEN_LOOP, type WatchdogLimits } from '../../policy/watchdog.js'
import type { Settings } from '../options.js'
import { CELLS, lastLine, placeOf, type WatchdogData, watchLoop } from './thread.js'

/** A watchdog that is awake. */
export interface Watchdog {
  /** A stop has begun: when so much time is over and the loop does not turn, the process is ended. */
  stopBegan(limitMs: number): void
  /** Resolves when nothing of it is left. */
  end(): Promise<void>
}

/** How often the loop says that it turns, and how often it is looked at: ten times within the limit, and so often at least. */
const EVERY_AT_MOST_MS = 250
/** How long a loop may be still when the time of the stop is over. */
const OVERDUE_MS = 500
/** How long the main thread is asked where it is: one that runs JavaScript answers at once, if it gets a processor. */
const ASKING_MS = 1_000
/** The greatest number that fits: as good as none. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Sets one on the event loop of this thread, if one is wanted; its last word is added to the marker. Where no thread can be had, that is
 * said in the log, and there is none.
 */
export function startWatchdog({ watchdogMs, graceMs, log }: Settings, markerFile: string | undefined): Watchdog | undefined {
  if (watchdogMs === undefined) return undefined
  const cells = new Int32Array(new SharedArrayBuffer(Object.keys(CELLS).length * Int32Array.BYTES_PER_ELEMENT))
  const everyMs = Math.min(Math.ceil(watchdogMs / 10), EVERY_AT_MOST_MS)
  const limits: WatchdogLimits = {
    everyMs,
    limitMs: watchdogMs,
    overdueMs: OVERDUE_MS,
    asksAtMost: canBeAsked() ? Math.ceil(ASKING_MS / everyMs) : 0,
  }
  const debuggerUrl = inspectorUrl()
  let thread: Worker
  try {
    thread = startThread({ limits, graceMs, cells, markerFile })
  } catch (error) {
    log.warn(logError(error), 'no watchdog: its thread cannot be started, so a blocked event loop is not noticed')
    return undefined
  }
  const beat = (): void => {
    Atomics.add(cells, CELLS.turns, 1)
    Atomics.store(cells, CELLS.isDebugged, debuggerUrl() === undefined ? 0 : 1)
  }
  beat()
  const timer = setInterval(beat, everyMs).unref()
  thread.once('error', (error) => {
    clearInterval(timer)
    log.warn(logError(error), 'the thread of the watchdog has failed: a blocked event loop is not noticed any more')
  })
  return {
    stopBegan: (stopMs) => void Atomics.store(cells, CELLS.stopMs, Math.min(Math.ceil(stopMs), LONGEST_MS)),
    end: async () => {
      clearInterval(timer)
      await thread.terminate()
    },
  }
}

/** @internal The text of the thread. */
export function threadSource(): string {
  const functions = Object.entries({ checkLoop, placeOf, lastLine, formatMs }).map(([name, fn]) => `${name}: ${fn}`)
  const values = Object.entries({ unseen: UNSEEN_LOOP, at: CELLS }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return `(${watchLoop})(require('node:worker_threads').workerData, { ${[...functions, ...values].join(', ')} })`
}

// It inherits neither flags nor environment: what they load or hold is the application's.
function startThread(data: WatchdogData): Worker {
  const thread = new Worker(threadSource(), {
    eval: true,
    name: 'quiesce watchdog',
    env: {},
    execArgv: [],
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  })
  thread.unref()
  return thread
}

// With permissions Node has no inspector to ask and aborts when it is asked for; and it is the main thread that would answer.
function canBeAsked(): boolean {
  return isMainThread && process.features.inspector && !('permission' in process)
}

// Not imported: there are builds of Node without it.
function inspectorUrl(): () => string | undefined {
  if (!process.features.inspector) return () => undefined
  const { url } = process.getBuiltinModule('node:inspector')
  return url
}
