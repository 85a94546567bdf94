// A daemon on a stage: a real tree in virtual time, whose frames are written down as an inspector would be sent them.
import { createSystem, type Report, type Service, type System } from '../../src/index.js'
import type { FactFrame, Frame, StateFrame } from '../../src/observe/watch/frames.js'
import { chartsIn, Measuring } from '../../src/observe/watch/measuring.js'
import { wireFact } from '../../src/observe/watch/wire.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'

/** When the virtual time began, as a time of day: always the same, so that pictures are. */
const BEGAN_AT = Date.UTC(2026, 0, 15, 9, 30, 0)

/** One run of a daemon. */
export class StagedDaemon<Root extends Service> {
  readonly env = new VirtualEnv()
  readonly system: System<Root>
  /** All frames so far, the first of which is the state before the start. */
  readonly frames: Frame[] = []
  readonly #controls: boolean
  readonly #measuring: Measuring
  readonly #listeners = new Set<(frame: Frame) => void>()
  #seq = 0

  constructor(tree: (env: VirtualEnv) => Root, { controls = false }: { readonly controls?: boolean } = {}) {
    this.#controls = controls
    this.system = createSystem(tree(this.env), { env: this.env })
    this.frames.push(this.state())
    this.#measuring = new Measuring(this.system)
    this.#measuring.begin()
    this.system.on((fact) => {
      if (fact.type === 'deleted') this.#measuring.left(fact.address)
      this.#seq += 1
      this.tell({ type: 'fact', seq: this.#seq, fact: wireFact(fact) })
    })
  }

  /** The whole state now. */
  state(): StateFrame {
    const tree = this.system.tree()
    const { report } = this.system
    const charts = chartsIn(this.system, [tree, undefined], () => false)
    const at = this.env.now
    const daemon = {
      run: 'staged',
      id: tree.id,
      pid: 4711,
      host: 'shop-7d9f4',
      node: 'v24.4.0',
      version: '2.8.1',
      quiesce: '0.1.0',
      graceMs: 30_000,
      lameDuckMs: 0,
    }
    return {
      type: 'state',
      seq: this.#seq,
      at,
      wallAt: BEGAN_AT + at,
      daemon,
      tree,
      charts,
      controls: this.#controls,
      ...(report && { report }),
    }
  }

  /** The facts so far. */
  get facts(): FactFrame[] {
    return this.frames.filter((frame) => frame.type === 'fact')
  }

  tell(frame: Frame): void {
    this.frames.push(frame)
    for (const listener of this.#listeners) listener(frame)
  }

  /** Hears every frame from now on; returns what forgets that wish. */
  on(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async start(): Promise<this> {
    const started = this.system.start()
    await this.advance(60_000, () => this.system.tree().status !== 'starting')
    await started
    return this
  }

  /** Lets time pass, measured every `everyMs`, until it is up or something is so. */
  async advance(ms: number, isEnough = (): boolean => false, everyMs = 250): Promise<void> {
    await this.env.settle()
    for (let passed = 0; passed < ms && !isEnough(); passed += everyMs) {
      await this.env.advance(Math.min(everyMs, ms - passed))
      this.measure()
    }
  }

  /** Stops it; resolves with the report once it has ended, and tells the last state. */
  async stop(reason: string, deadline: number): Promise<Report> {
    const stopped = this.system.stop({ reason, deadline })
    let report: Report | undefined
    void stopped.then((each) => {
      report = each
    })
    await this.advance(10 * 60_000, () => report !== undefined, 100)
    this.tell(this.state())
    return await stopped
  }

  /** Tells what has changed of what is measured. */
  measure(): void {
    const measured = this.#measuring.next()
    if (measured !== undefined) this.tell(JSON.parse(JSON.stringify({ type: 'gauges', at: this.env.now, ...measured })))
  }
}

/** Frames as the lines of a recording. */
export function linesOf(frames: readonly Frame[]): string {
  return frames.map((frame) => `${JSON.stringify(frame)}\n`).join('')
}
