// A moment that some wait for and somebody else brings about.

/** Resolves its promise once it is opened; opening it again does nothing. */
export class Latch {
  open: () => void = () => {}
  readonly promise = new Promise<void>((resolve) => {
    this.open = resolve
  })
}
