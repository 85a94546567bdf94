// A chart as the definition of a machine again, which is what Stately's inspector draws: names only, since a chart holds nothing else.
import type { Chart, ChartEdge, ChartNode } from '../../protocol/chart.js'

interface Transition {
  readonly target?: string
  readonly guard?: string
  readonly actions?: readonly string[]
}

type Transitions = Record<string, Transition[]>

const written = new WeakMap<Chart, string>()

/** The definition as JSON; the same text for the same chart. */
export function definitionOf(chart: Chart): string {
  const known = written.get(chart)
  if (known !== undefined) return known
  const text = JSON.stringify(new Definition(chart).root())
  written.set(chart, text)
  return text
}

/** A definition while it is written. */
class Definition {
  readonly #chart: Chart
  /** The machine's id without dots, which XState takes for steps of a path. */
  readonly #id: string

  constructor(chart: Chart) {
    this.#chart = chart
    this.#id = chart.id.replaceAll('.', '_')
  }

  root(): object {
    const [root] = this.#chart.nodes
    return { id: this.#id, ...(root && this.#state(root)) }
  }

  #state(node: ChartNode): object {
    const { id, kind, initial, history, tags, entry, exit, invokes } = node
    const edges = this.#chart.edges.filter(({ from }) => from === id)
    const children = this.#chart.nodes.filter(({ parent }) => parent === id)
    const invoked = invokes.map((name) => ({ id: name, src: name }) as Record<string, unknown>)
    const on: Transitions = {}
    const after: Transitions = {}
    const rest: Record<string, Transition[]> = {}
    for (const edge of edges) {
      const way = this.#transition(edge)
      const { event, label } = edge
      if (event === '') add(rest, 'always', way)
      else if (event.startsWith('xstate.after.')) add(after, delayOf(label), way)
      else if (event.startsWith('xstate.done.state.')) add(rest, 'onDone', way)
      else if (!addToInvoked(invoked, edge, way)) add(on, event, way)
    }
    return {
      ...(kind === 'atomic' || kind === 'compound' ? {} : { type: kind }),
      ...(initial === undefined ? {} : { initial: children.find((child) => child.id === initial)?.key }),
      ...(kind === 'history' ? { history, ...(edges[0]?.to === undefined ? {} : { target: this.#target(edges[0].to) }) } : rest),
      ...unlessEmpty({ tags, entry, exit, on, after, invoke: invoked }),
      ...unlessEmpty({ states: Object.fromEntries(children.map((child) => [child.key, this.#state(child)])) }),
    }
  }

  #transition({ to, guard, actions }: ChartEdge): Transition {
    return {
      ...(to === undefined ? {} : { target: this.#target(to) }),
      ...(guard === undefined ? {} : { guard }),
      ...(actions.length === 0 ? {} : { actions }),
    }
  }

  #target(to: string): string {
    return `#${this.#id}${to.slice(this.#chart.id.length)}`
  }
}

const INVOKED = { done: 'onDone', error: 'onError', snapshot: 'onSnapshot' } as const

/** What comes of an invoked actor belongs to it. */
function addToInvoked(invoked: readonly Record<string, unknown>[], { event, label }: ChartEdge, way: Transition): boolean {
  if (!/^xstate\.(done\.actor|error\.actor|snapshot)\./.test(event)) return false
  const [, what, name] = /^(done|error|snapshot): (.*)$/s.exec(label) ?? []
  const from = invoked.find(({ id }) => id === name)
  if (from === undefined) return false
  add(from as Transitions, INVOKED[what as keyof typeof INVOKED], way)
  return true
}

function add(lists: Transitions, key: string, way: Transition): void {
  const list = lists[key]
  if (list === undefined) lists[key] = [way]
  else list.push(way)
}

function delayOf(label: string): string {
  return label.replace(/^after /, '').replace(/^(\d+(?:\.\d+)?(?:e[+-]?\d+)?) ms$/, '$1')
}

function unlessEmpty(parts: Readonly<Record<string, object>>): object {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0))
}
