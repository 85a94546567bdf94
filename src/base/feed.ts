// What happened, for whoever listens. A throwing listener harms nobody, and nothing is built while nobody listens.
import { EventEmitter } from 'eventemitter3'

/** The kinds that a listener needs: a set, or something that is asked each time whether a kind is wanted now. */
export type Kinds = ReadonlySet<string> | { readonly has: (kind: string) => boolean }

/** Hears one item of a feed. */
export type Listener<T> = (item: T) => void

/**
 * Delivers items to listeners, to each in the order in which they came: one that a listener causes is delivered after the one
 * that it was told of.
 */
export class Feed<T> {
  readonly #emitter = new EventEmitter<{ item: [T] }>()
  readonly #onError: (error: unknown) => void
  /** Listeners for everything; how many of the others want each kind; those who have to be asked. */
  #count = 0
  readonly #wanted = new Map<string, number>()
  #asked: Exclude<Kinds, ReadonlySet<string>>[] = []
  #isDelivering = false
  #waiting: T[] = []

  /** `onError` hears what listeners throw; what it throws itself is lost. */
  constructor(onError: (error: unknown) => void = () => {}) {
    this.#onError = onError
  }

  /** Whether anybody wants items of a kind. */
  hears(kind: string): boolean {
    if (this.#count > 0) return true
    for (let index = 0; index < this.#asked.length; index += 1) if (this.#asked[index]?.has(kind)) return true
    return this.#wanted.size > 0 && this.#wanted.has(kind)
  }

  /**
   * Adds a listener; returns its own disposer. One that names the `kinds` that it needs does not make anybody build others, though
   * it is told of those that are built all the same.
   */
  listen(listener: Listener<T>, kinds?: Kinds): () => void {
    let isListening = true
    const guarded = (item: T): void => {
      try {
        if (isListening) listener(item)
      } catch (error) {
        this.#report(error)
      }
    }
    this.#emitter.on('item', guarded)
    this.#want(kinds, 1)
    return () => {
      if (!isListening) return
      isListening = false
      this.#emitter.off('item', guarded)
      this.#want(kinds, -1)
    }
  }

  #want(kinds: Kinds | undefined, change: 1 | -1): void {
    if (kinds === undefined) this.#count += change
    else if (!(kinds instanceof Set)) this.#asked = change === 1 ? [...this.#asked, kinds] : this.#asked.filter((each) => each !== kinds)
    else for (const kind of kinds) this.#wantOne(kind, (this.#wanted.get(kind) ?? 0) + change)
  }

  #wantOne(kind: string, count: number): void {
    if (count === 0) this.#wanted.delete(kind)
    else this.#wanted.set(kind, count)
  }

  emit(item: T): void {
    if (this.#isDelivering) return void this.#waiting.push(item)
    this.#isDelivering = true
    this.#emitter.emit('item', item)
    while (this.#waiting.length > 0) this.#emitter.emit('item', this.#waiting.shift() as T)
    this.#isDelivering = false
  }

  #report(error: unknown): void {
    try {
      this.#onError(error)
    } catch {
      // There is nobody left to tell.
    }
  }
}
