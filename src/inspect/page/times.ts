// Moments and stretches of time as people read them, always with the same number of digits, so that nothing jumps.

/** The time of day of a moment since 1970, with milliseconds: `14:03:07.042`. */
export function clockTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** A stretch of time that goes on, in two units at most: `3 s`, `2 min 05 s`, `4 h 12 min`, `3 d 4 h`. */
export function stretch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes === 0) return `${seconds} s`
  if (hours === 0) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** A countdown in tenths of a second: `12.4 s`. */
export function tenths(ms: number): string {
  return ms >= 60_000 ? stretch(ms) : `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
}
