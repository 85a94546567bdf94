// Anything as plain JSON of bounded size: what users keep in contexts and send in events may be cyclic, huge, or throw when it is read.

const DEEPEST = 10
const MOST_VALUES = 5_000
const LONGEST_TEXT = 10_000
const LEFT_OUT = '…'

/** A value as plain JSON; what is left out is marked with `…`. */
export function plainOf(value: unknown): unknown {
  return plain(value, { above: [], left: { count: MOST_VALUES } })
}

interface Place {
  readonly above: readonly object[]
  readonly left: { count: number }
}

function plain(value: unknown, place: Place): unknown {
  place.left.count -= 1
  switch (typeof value) {
    case 'string':
      return value.length <= LONGEST_TEXT ? value : `${value.slice(0, LONGEST_TEXT)}${LEFT_OUT}`
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'function':
      return { type: value.name }
    case 'object':
      return value === null ? null : plainObject(value, place)
    default:
      return value
  }
}

function plainObject(value: object, { above, left }: Place): unknown {
  if (above.includes(value) || above.length === DEEPEST || left.count < 0) return LEFT_OUT
  const inside = { above: [...above, value], left }
  try {
    if (value instanceof Error) return { name: value.name, message: plain(value.message, inside) }
    if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON(), inside)
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) return [...each(value, (item) => plain(item, inside), left)]
    return Object.fromEntries(
      each(Object.keys(value), (key) => [key, plain((value as Record<string, unknown>)[key], inside)] as const, left),
    )
  } catch {
    return LEFT_OUT
  }
}

/** As many as there is room for. */
function* each<T, Plain>(items: Iterable<T>, plainly: (item: T) => Plain, left: Place['left']): Generator<Plain> {
  for (const item of items) {
    if (left.count < 0) return
    yield plainly(item)
  }
}
