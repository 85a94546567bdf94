// Waiting for something that must not hold the exit.

/** Whether it was over within so many milliseconds; nobody waits any longer. It must not reject. */
export function inTime(limitMs: number, over: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), limitMs)
    void over.then(() => {
      clearTimeout(limit)
      resolve(true)
    })
  })
}
