// What happened, for whoever listens. A throwing listener harms nobody, and nothing is built while nobody listens.
import { EventEmitter } from 'eventemitter3'

/** Kinds of items: a set, or whatever else can say whether a kind is wanted now. */
export interface Kinds {
  has(kind: string): boolean
}

/** Hears one item of a feed. */
export type Listener<T> = (item: T) => void

/**
 * Delivers items to listeners, to each in the order in which they came: one that a listener causes is delivered after the one
 * that it was told of.
 */
export class Feed<T> {
  readonly #emitter = new EventEmitter<{ item: [T] }>()
  readonly #onError: (error: unknown) => void
  /** Listeners for everything, and the kinds that the others want. */
  #count = 0
  readonly #wanted = new Set<Kinds>()
  #isDelivering = false
  #waiting: T[] = []

  /** `onError` hears what listeners throw; what it throws itself is lost. */
  constructor(onError: (error: unknown) => void = () => {}) {
    this.#onError = onError
  }

  /** Whether anybody wants items of a kind. */
  hears(kind: string): boolean {
    if (this.#count > 0) return true
    if (this.#wanted.size === 0) return false
    for (const kinds of this.#wanted) if (kinds.has(kind)) return true
    return false
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
    if (kinds === undefined) this.#count += 1
    else this.#wanted.add(kinds)
    return () => {
      if (!isListening) return
      isListening = false
      this.#emitter.off('item', guarded)
      if (kinds === undefined) this.#count -= 1
      else this.#wanted.delete(kinds)
    }
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
