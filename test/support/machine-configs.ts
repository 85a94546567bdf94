// Machines of any shape, as configs for `createMachine`: nested, parallel, final and history states, and transitions between any two.
import fc from 'fast-check'

/** One transition: its target is absolute, as `#any.a.b`. */
export interface TransitionConfig {
  readonly target?: string
}

/** One state, as it is written. */
export interface MachineConfig {
  readonly id?: string
  readonly type?: 'parallel' | 'final' | 'history'
  readonly history?: 'shallow' | 'deep'
  readonly initial?: string
  readonly states?: Readonly<Record<string, MachineConfig>>
  readonly on?: Readonly<Record<string, readonly TransitionConfig[]>>
  readonly after?: Readonly<Record<string, readonly TransitionConfig[]>>
  readonly always?: readonly TransitionConfig[]
}

interface Shape {
  readonly kind: 'plain' | 'parallel' | 'final' | 'history' | 'deep history'
  readonly children: readonly Shape[]
  /** What leads from it: the cause, and the number of the state to which. */
  readonly ways: readonly (readonly [cause: string, to: number | undefined])[]
}

const KEYS = [
  'a',
  'b',
  'state',
  'end',
  'note',
  'class_',
  '1st',
  'two words',
  'ünïcode',
  '"quoted"',
  '<b>',
  'semi;colon',
  '%%',
  '-->',
  '{',
  '}',
  '[*]',
  '',
]
const CAUSES = ['GO', 'go.home', '*', 'a:b', 'c;d', '"e"', '<f>', '#35;', 'after 10', 'after 200', 'always']

const shapesOf = fc.memo(
  (depth): fc.Arbitrary<Shape> =>
    fc.record({
      kind: fc.oneof(
        { weight: 6, arbitrary: fc.constant('plain' as const) },
        { weight: 2, arbitrary: fc.constant('parallel' as const) },
        { weight: 1, arbitrary: fc.constantFrom('final' as const, 'history' as const, 'deep history' as const) },
      ),
      children: depth > 1 ? fc.array(shapesOf(), { maxLength: 4 }) : fc.constant([]),
      ways: fc.array(fc.tuple(fc.constantFrom(...CAUSES), fc.option(fc.nat(), { nil: undefined })), { maxLength: 4 }),
    }),
)
const DEEPEST = 4

/** Configs with the id `any`; the keys of the states are among `keys`, or plain ones when `isPlain`. */
export function machineConfigs({ isPlain = false }: { readonly isPlain?: boolean } = {}): fc.Arbitrary<MachineConfig> {
  return shapesOf(DEEPEST).map((shape) => {
    const paths: string[] = []
    const root: Shape = { ...shape, kind: shape.kind === 'parallel' ? 'parallel' : 'plain' }
    collect(root, 'any', { isPlain, paths })
    return { id: 'any', ...configOf(root, { isPlain, paths }) }
  })
}

interface Naming {
  readonly isPlain: boolean
  /** The states that can be gone to. */
  readonly paths: string[]
}

function keyOf(at: number, depth: number, { isPlain }: Naming): string {
  const key = isPlain ? 's' : (KEYS[(at * 5 + depth * 3) % KEYS.length] ?? '')
  return `${key}${at}`
}

function childrenOf({ kind, children }: Shape): readonly Shape[] {
  if (kind !== 'plain' && kind !== 'parallel') return []
  const real = children.filter((child) => child.kind === 'plain' || child.kind === 'parallel')
  // Nobody can begin in a history, nor can a region be one.
  if (real.length === 0) return []
  return kind === 'parallel' ? real : [...real, ...children.filter((child) => !real.includes(child))]
}

function collect(shape: Shape, path: string, naming: Naming): void {
  naming.paths.push(path)
  childrenOf(shape).forEach((child, at) => {
    collect(child, `${path}.${keyOf(at, path.split('.').length, naming)}`, naming)
  })
}

function configOf(shape: Shape, naming: Naming, depth = 1): MachineConfig {
  const children = childrenOf(shape)
  const states = Object.fromEntries(children.map((child, at) => [keyOf(at, depth, naming), configOf(child, naming, depth + 1)]))
  const [initial] = Object.keys(states)
  if (shape.kind === 'history') return { type: 'history' }
  if (shape.kind === 'deep history') return { type: 'history', history: 'deep' }
  if (shape.kind === 'final') return { type: 'final' }
  const inside = initial === undefined ? {} : shape.kind === 'parallel' ? { type: 'parallel' as const, states } : { initial, states }
  return { ...inside, ...waysOf(shape, naming) }
}

function waysOf({ ways }: Shape, { paths }: Naming): MachineConfig {
  const on: Record<string, TransitionConfig[]> = {}
  const after: Record<string, TransitionConfig[]> = {}
  const always: TransitionConfig[] = []
  for (const [cause, to] of ways) {
    const way: TransitionConfig = to === undefined ? {} : { target: `#${paths[to % paths.length]}` }
    if (cause === 'always') always.push(way)
    else if (cause.startsWith('after ')) listIn(after, cause.slice('after '.length)).push(way)
    else listIn(on, cause).push(way)
  }
  return { on, after, ...(always.length === 0 ? {} : { always }) }
}

function listIn(lists: Record<string, TransitionConfig[]>, key: string): TransitionConfig[] {
  lists[key] ??= []
  return lists[key]
}
