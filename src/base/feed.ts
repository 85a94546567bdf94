// What happened, for whoever listens. A throwing listener harms nobody, and nothing is built while nobody listens.
import { EventEmitter } from 'eventemitter3'

/** Hears one item of a feed. */
export type Listener<T> = (item: T) => void

/** Delivers items to listeners in the order in which they came. */
export class Feed<T> {
  readonly #emitter = new EventEmitter<{ item: [T] }>()
  readonly #onError: (error: unknown) => void
  #count = 0

  /** `onError` hears what listeners throw. */
  constructor(onError: (error: unknown) => void = () => {}) {
    this.#onError = onError
  }

  /** Whether anybody listens: build an item only then. */
  get heard(): boolean {
    return this.#count > 0
  }

  /** Adds a listener; returns its own disposer. */
  listen(listener: Listener<T>): () => void {
    const guarded = (item: T): void => {
      try {
        listener(item)
      } catch (error) {
        this.#onError(error)
      }
    }
    this.#emitter.on('item', guarded)
    this.#count += 1
    let listening = true
    return () => {
      if (!listening) return
      listening = false
      this.#emitter.off('item', guarded)
      this.#count -= 1
    }
  }

  emit(item: T): void {
    this.#emitter.emit('item', item)
  }
}
