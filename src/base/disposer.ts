// Releases, last in first out, each exactly once; errors are collected and never stop the ones that follow.

/** Frees one resource; may be asynchronous. */
export type Release = () => unknown

/** A stack of releases. Once run, a release that comes later is run at once. */
export class Disposer {
  readonly #onError: (error: unknown) => void
  readonly #onDetached: (pending: Promise<void>) => void
  #releases: Release[] = []
  #open = true

  /** `onDetached` is given what goes on by itself: a promise that resolves when it is over. */
  constructor(onError: (error: unknown) => void, onDetached: (pending: Promise<void>) => void = () => {}) {
    this.#onError = onError
    this.#onDetached = onDetached
  }

  /** How many have not begun. */
  get size(): number {
    return this.#releases.length
  }

  /** Adds a release; after `run` has begun it runs immediately, detached. */
  add(release: Release): void {
    if (this.#open) this.#releases.push(release)
    else this.#settle(this.#attempt(release))
  }

  /** Runs all releases in turn. Returns a promise only if one of them was asynchronous. */
  run(): Promise<void> | undefined {
    this.#open = false
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      const pending = this.#attempt(release)
      if (pending !== undefined) return this.#runRest(pending)
    }
    return undefined
  }

  /** Runs all releases that were not run yet, last first, without waiting for one another. */
  runAtOnce(): void {
    this.#open = false
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) this.#settle(this.#attempt(release))
  }

  async #runRest(first: PromiseLike<unknown>): Promise<void> {
    let pending: PromiseLike<unknown> | undefined = first
    for (;;) {
      try {
        await pending
      } catch (error) {
        this.#onError(error)
      }
      const release = this.#releases.pop()
      if (release === undefined) return
      pending = this.#attempt(release)
    }
  }

  #attempt(release: Release): PromiseLike<unknown> | undefined {
    try {
      const result = release()
      return isPromiseLike(result) ? result : undefined
    } catch (error) {
      this.#onError(error)
      return undefined
    }
  }

  #settle(pending: PromiseLike<unknown> | undefined): void {
    if (pending !== undefined) this.#onDetached(Promise.resolve(pending).then(nothing, this.#onError))
  }
}

const nothing = (): void => {}

/** Whether a hook answered with something to wait for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  const isThing = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isThing && typeof (value as { then?: unknown }).then === 'function'
}
