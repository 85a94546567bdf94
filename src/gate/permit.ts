// One admitted unit of work. A permit belongs to the gate that gave it and comes back once, so that it can never free another's.

/** What a permit is given back to. */
export interface Issuer {
  follow(): Permit
  giveBack(permit: Permit): void
}

/**
 * One admitted unit of work. Release it exactly once; a second release does nothing, so it can never free another's.
 * `using permit = …` releases it at the end of the block.
 */
export class Permit implements Disposable {
  #issuer: Issuer | undefined
  /** @internal Whether the time that it is held is measured. */
  readonly isTimed: boolean

  /** @internal Permits come from a gate. */
  constructor(issuer: Issuer, isTimed: boolean) {
    this.#issuer = issuer
    this.isTimed = isTimed
  }

  /** Whether it is still held. */
  get held(): boolean {
    return this.#issuer !== undefined
  }

  /** Gives the permit back: this unit of work is over. */
  release(): void {
    const issuer = this.#issuer
    if (issuer === undefined) return
    this.#issuer = undefined
    issuer.giveBack(this)
  }

  /**
   * A permit for work that this work creates. It is granted while this one is held, also while the gate drains and beyond its
   * capacity: finishing accepted work must not fail for want of a permit. `undefined` once this permit was released.
   */
  follow(): Permit | undefined {
    return this.#issuer?.follow()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
