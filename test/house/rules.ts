// The rules of the house (docs/architecture.md), each a function from the sources to what breaks it.
import { importsOf, type Source, withoutComments } from './sources.js'

/** Rooms by floor; the doors, directly in src/ and in src/lease/, stand outside. */
export const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  protocol: 1,
  policy: 2,
  gate: 2,
  kernel: 3,
  tree: 4,
  pool: 5,
  leader: 5,
  adapters: 6,
  leases: 6,
  isolate: 6,
  work: 6,
  observe: 6,
  daemon: 7,
  inspect: 7,
  testing: 7,
  cli: 8,
}

const FIRST_FLOOR_WITH_NODE = 6
const LONGEST_FILE = 260
const KEPT_IN: readonly (readonly [packageName: string, place: string])[] = [
  ['xstate', 'src/kernel/'],
  ['eventemitter3', 'src/base/feed.ts'],
  ['pino', 'src/observe/'],
  ['@opentelemetry', 'src/observe/'],
  ['fast-check', 'src/testing/'],
  ['yaml', 'src/cli/'],
  ['ws', 'src/adapters/'],
  ['prom-client', 'src/observe/'],
]

/** The room of a file; undefined for a public door. */
export function roomOf(path: string): string | undefined {
  return /^src\/(?!lease\/)([^/]+)\//.exec(path)?.[1]
}

type Rule = (sources: readonly Source[]) => string[]

/** A file imports from floors below and its own room. */
export const floors: Rule = (sources) =>
  sources.flatMap((source) => {
    const room = roomOf(source.path)
    if (room === undefined) return []
    const floor = FLOORS[room]
    if (floor === undefined) return [`${source.path}: no room "${room}" in the plan of the house`]
    return importsOf(source).flatMap(({ target, from }) => {
      if (target === undefined) return []
      const targetRoom = roomOf(target)
      if (targetRoom === undefined) return [`${source.path}: imports the public door ${from}`]
      const targetFloor = FLOORS[targetRoom]
      if (targetRoom === room || (targetFloor !== undefined && targetFloor < floor)) return []
      return [`${source.path} (floor ${floor}) imports ${target} (floor ${targetFloor})`]
    })
  })

/** Every relative import finds a file. */
export const targets: Rule = (sources) => {
  const known = new Set(sources.map(({ path }) => path))
  return sources.flatMap((source) =>
    importsOf(source).flatMap(({ target, from }) =>
      target === undefined || known.has(target) ? [] : [`${source.path}: imports ${from}, which is not there`],
    ),
  )
}

/** No circle, neither of files nor of rooms; types count too. */
export const circles: Rule = (sources) => {
  const uses = new Map(sources.map((source) => [source.path, importsOf(source).flatMap(({ target }) => target ?? [])]))
  const rooms = new Map<string, string[]>()
  for (const [path, targetPaths] of uses) {
    const room = roomOf(path) ?? path
    const others = targetPaths.map((target) => roomOf(target) ?? target).filter((other) => other !== room)
    rooms.set(room, [...(rooms.get(room) ?? []), ...others])
  }
  return [...circlesIn(uses), ...circlesIn(rooms)]
}

function circlesIn(uses: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const at = path.indexOf(file)
    if (at >= 0) {
      found.push(`a circle: ${[...path.slice(at), file].join(' → ')}`)
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of uses.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of uses.keys()) visit(file)
  return found
}

/** Node's built-ins from floor 6 up; some packages in one room only. */
export const outside: Rule = (sources) =>
  sources.flatMap((source) => {
    const room = roomOf(source.path)
    const floor = room === undefined ? 0 : (FLOORS[room] ?? 0)
    return importsOf(source).flatMap(({ from }) => {
      if (from.startsWith('node:') && floor < FIRST_FLOOR_WITH_NODE)
        return [`${source.path}: imports ${from} below floor ${FIRST_FLOOR_WITH_NODE}`]
      const kept = KEPT_IN.find(([name]) => from === name || from.startsWith(`${name}/`))
      if (kept === undefined || source.path.startsWith(kept[1])) return []
      return [`${source.path}: imports ${from}, which only ${kept[1]} may`]
    })
  })

/** Files are short and named for what is in them. */
export const files: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    const name = /([^/]+)\.ts$/.exec(path)?.[1] ?? ''
    return [
      ...(lines > LONGEST_FILE ? [`${path}: ${lines} lines, ${LONGEST_FILE} are allowed`] : []),
      ...(/^(utils?|helpers?|common|types|misc)$/.test(name) ? [`${path}: a name that says nothing`] : []),
      ...(text.startsWith('//') || text.startsWith('#!') ? [] : [`${path}: does not begin with what it is for`]),
    ]
  })

const FORBIDDEN_CODE: readonly (readonly [RegExp, string])[] = [
  [/\bexport\s+(?:type\s+)?\*/, 'export *'],
  [/\bexport\s+default\b/, 'a default export'],
  [/(?::|<|\bas|,|\||&|=|\()\s*any\b(?!['"`:?])/, 'any'],
  [/^\s*(?:export\s+)?(?:const\s+)?enum\s/m, 'an enum'],
  [/@ts-(?:ignore|nocheck)\b/, 'a switched-off compiler'],
]
// Spelled so that this file does not break its own rule.
const FORBIDDEN_TEXT: readonly RegExp[] = [
  /\/wor[k]\//,
  /\/far[m]\b/,
  // A host, not a variable of that name.
  /\/\/registry\.[a-z]|\bregistry\.[a-z0-9-]+\.(?:com|org|net|io|dev|local|internal)\b/,
  /npmjs\.(?:com|org)/,
]

/** Nothing that the style forbids, nothing of the place where it was written. */
export const contents: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const code = withoutStrings(withoutComments(text))
    return [
      ...FORBIDDEN_CODE.flatMap(([pattern, name]) =>
        pattern.test(name.startsWith('a switched') ? text : code) ? [`${path}: ${name}`] : [],
      ),
      ...FORBIDDEN_TEXT.flatMap((pattern) => (pattern.test(text) ? [`${path}: mentions ${pattern.exec(text)?.[0]}`] : [])),
    ]
  })

function withoutStrings(code: string): string {
  return code.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, "''")
}

/** A public door contains explicit re-exports and nothing else. */
export const doors: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    if (roomOf(path) !== undefined) return []
    const rest = withoutComments(text)
      .replace(/^export\s+(?:type\s+)?\{[^}]*\}\s*from\s*'[^']+'$/gm, '')
      .trim()
    return rest === '' ? [] : [`${path}: a door holds re-exports only, not ${JSON.stringify(rest.slice(0, 60))}`]
  })

/** All rules by name. */
export const rules: Readonly<Record<string, Rule>> = { floors, targets, circles, outside, files, contents, doors }
