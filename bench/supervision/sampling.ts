// Taking samples: warm up, collect garbage outside the timed part, time, and summarise. A bench that did not do its work throws.

/** What one process measured: samples by the name of the figure. */
export type Samples = Record<string, number[]>

/** How often something is done before it is timed, and how often it is timed. */
export interface Effort {
  readonly warmups: number
  readonly repeats: number
}

// So few runs do not even out when garbage is collected.
const FEW = 5

/** Many small runs, few large ones: about as much work for each size. */
export function effortFor(count: number): Effort {
  if (count <= 1_000) return { warmups: 80, repeats: 80 }
  if (count <= 10_000) return { warmups: 8, repeats: 10 }
  return { warmups: 2, repeats: 3 }
}

/**
 * Runs `once` warm-ups and repeats; keeps what the repeats return. Whoever calls it keeps something of the kind alive meanwhile: V8
 * forgets the shapes of objects of which none is left, and compiles anew.
 */
export async function sample({ warmups, repeats }: Effort, once: () => Promise<Record<string, number>>): Promise<Samples> {
  const samples: Samples = {}
  for (let index = -warmups; index < repeats; index += 1) {
    if (repeats <= FEW) collectGarbage()
    const figures = await once()
    if (index < 0) continue
    for (const [name, value] of Object.entries(figures)) {
      samples[name] ??= []
      samples[name].push(value)
    }
  }
  return samples
}

/** Microseconds for each of `count` between two moments of `performance.now()`. */
export function microsEach(fromMs: number, toMs: number, count: number): number {
  return ((toMs - fromMs) * 1_000) / count
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** @throws Error when the work that was timed was not done. */
export function check(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`the work was not done: ${what} is ${String(actual)}, not ${String(expected)}`)
}

/** Full collections until nothing more goes; does nothing without `--expose-gc`. */
export function collectGarbage(times = 1): void {
  for (let index = 0; index < times; index += 1) globalThis.gc?.()
}

/** The bytes in use after collecting garbage. */
export async function settledHeap(): Promise<number> {
  // A turn of the loop in between: weak references are cleared between tasks.
  for (let index = 0; index < 3; index += 1) {
    collectGarbage(2)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
