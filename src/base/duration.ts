// Durations as users write them, milliseconds as the runtime counts them.

/** Milliseconds as a number, or a number with a unit: `250`, `'250ms'`, `'5s'`, `'2m'`, `'1h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const WRITTEN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/

/** The milliseconds of a duration, or `undefined` when it is none: negative, not a number, or without a known unit. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  const match = WRITTEN.exec(value)
  if (match === null) return undefined
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
}

/** The milliseconds of an option of a call. @throws TypeError that names both when it is no duration. */
export function demandDuration(call: string, option: string, value: unknown): number {
  const ms = parseDuration(value)
  if (ms === undefined) throw new TypeError(`${call}({ ${option}: ${String(value)} }): not a duration; write milliseconds or '5s', '2m'`)
  return ms
}

/** A duration for people: `4 ms`, `1.20 s`, `2 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'no limit'
  const whole = Math.round(ms)
  if (whole < 1_000) return `${whole} ms`
  // Rounded before it is cut up, so that nothing reads "60.00 s" or "1 min 60 s".
  const hundredths = Math.round(ms / 10)
  if (hundredths < 6_000) return `${(hundredths / 100).toFixed(2)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
