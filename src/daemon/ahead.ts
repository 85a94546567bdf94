// By how much the machine's other clocks are ahead of the monotonic one. While a machine is suspended that one stands still; the wall
// clock goes on, unless somebody sets it back, and the time since boot goes on in any case.
import { uptime } from 'node:os'

/** Asking the kernel costs some microseconds, and this is asked before every guarded request: the time since boot is read so often at most. */
const BOOT_EVERY_MS = 100

/** Tells how far the other clocks have run ahead, the one that has run ahead most: milliseconds since this was made. */
export function aheadOf(now: () => number, wall: () => number = Date.now, boot: () => number = () => uptime() * 1_000): () => number {
  const [wallAtFirst, bootAtFirst] = [wall() - now(), boot() - now()]
  let bootAhead = 0
  let readAt = now()
  return () => {
    const at = now()
    if (at - readAt >= BOOT_EVERY_MS) {
      readAt = at
      bootAhead = boot() - at - bootAtFirst
    }
    return Math.max(wall() - at - wallAtFirst, bootAhead)
  }
}
