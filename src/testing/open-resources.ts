// What a process has open: the timers and handles that were made since somebody began to record, with the places that made them, and a
// census of what else keeps its event loop alive. What a test runner makes for itself is told apart by those places.
import { type AsyncHook, createHook } from 'node:async_hooks'

/** What there is, by name. */
export type Census = ReadonlyMap<string, number>

/** A timer or a handle that was made while somebody recorded. */
export interface Recorded {
  /** As Node names it in `process.getActiveResourcesInfo()`; an `unref`ed timer is not in there. */
  readonly name: string
  /** Whether it keeps the event loop alive. */
  readonly keepsAlive: boolean
  /** The line of code that made it; undefined when Node itself did. */
  readonly madeAt: string | undefined
  /** Made by a test runner for itself. */
  readonly isRunners: boolean
}

// The names of async_hooks, and those of `getActiveResourcesInfo()`.
const NAMES: Readonly<Record<string, string>> = {
  Timeout: 'Timeout',
  TCPSERVERWRAP: 'TCPServerWrap',
  TCPWRAP: 'TCPSocketWrap',
  PIPESERVERWRAP: 'PipeServerWrap',
  PIPEWRAP: 'PipeWrap',
  PROCESSWRAP: 'ProcessWrap',
  UDPWRAP: 'UDPWrap',
  FSEVENTWRAP: 'FSEventWrap',
  STATWATCHER: 'StatWatcher',
  WORKER: 'Worker',
}

const RECORDED: ReadonlySet<string> = new Set(Object.values(NAMES))
// What goes away with the turn of the loop, and files that are being read.
const PASSED_OVER = /^(Immediate|CloseReq|TickObject|FSReq.*)$/

/** All that keeps the event loop alive and is not recorded. */
export function takeCensus(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo())
    if (!PASSED_OVER.test(name) && !RECORDED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

interface Made {
  readonly name: string
  readonly resource: { hasRef?(): boolean }
  readonly frames: readonly string[]
}

const FRAMES = 40
/** Those who record now; the hook costs something only meanwhile. */
const recorders = new Set<Recorder>()
let hook: AsyncHook | undefined

/** Records what is made from now on. */
export class Recorder {
  readonly #made = new Map<number, Made>()

  constructor() {
    recorders.add(this)
    hook ??= createHook({ init, destroy })
    hook.enable()
  }

  /** What was made since and is still there. */
  get open(): Recorded[] {
    return [...this.#made.values()].map(({ name, resource, frames }) => {
      const madeAt = frames.find((frame) => !frame.startsWith('node:'))
      return { name, keepsAlive: resource.hasRef?.() !== false, madeAt, isRunners: madeAt !== undefined && isRunner(madeAt) }
    })
  }

  end(): void {
    recorders.delete(this)
    this.#made.clear()
    if (recorders.size === 0) hook?.disable()
  }

  /** @internal For the hook. */
  add(id: number, made: Made): void {
    this.#made.set(id, made)
  }

  /** @internal For the hook. */
  drop(id: number): void {
    this.#made.delete(id)
  }
}

function init(id: number, type: string, _trigger: number, resource: object): void {
  const name = NAMES[type]
  if (name === undefined) return
  const frames = framesAbove()
  // Timers that Node sets for itself, for sockets, servers and its pool of connections, end with those.
  if (name === 'Timeout' && frames[0]?.startsWith('node:') !== false) return
  for (const recorder of recorders) recorder.add(id, { name, resource, frames })
}

function destroy(id: number): void {
  for (const recorder of recorders) recorder.drop(id)
}

// The places on the stack, innermost first, without those that merely make a timer or call the hook.
function framesAbove(): string[] {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES
  const { stack = '' } = new Error()
  Error.stackTraceLimit = limit
  const frames = stack.split('\n').slice(1).flatMap(placeIn)
  const begin = frames.findIndex((frame) => !isWayIn(frame))
  return begin < 0 ? [] : frames.slice(begin)
}

function placeIn(line: string): string[] {
  const place = /\(?((?:node:|file:\/\/|[A-Za-z]:\\|\/)[^()]*:\d+:\d+)\)?$/.exec(line.trim())?.[1]
  return place === undefined ? [] : [place.replace(/^file:\/\//, '')]
}

function isWayIn(frame: string): boolean {
  return (
    /^node:(timers|timers\/promises|internal\/timers|internal\/async_hooks)[:/]/.test(frame) || frame.includes('/testing/open-resources.')
  )
}

function isRunner(place: string): boolean {
  return /[\\/]node_modules[\\/](@vitest|vitest|@jest|jest[\w-]*|mocha|tinypool|tap)[\\/]/.test(place)
}
