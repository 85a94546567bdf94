// A machine as a state diagram in the language of Mermaid, which GitHub, GitLab and many editors draw. Text only: nothing is drawn here.
import { chartOf } from '../../kernel/chart.js'
import type { AnyActorLogic } from '../../kernel/user-actor.js'
import type { Chart, ChartEdge, ChartNode } from '../../protocol/chart.js'
import { MermaidIds, mermaidText } from './mermaid-words.js'

/**
 * The diagram of a machine, as the text of a Mermaid `stateDiagram-v2`. Actions and guards are shown by name; nothing of a context, an
 * event or a function's source is.
 * @throws TypeError for logic that is no machine, such as what `fromPromise` returns.
 *
 * @example
 * ```ts
 * import { toMermaid } from 'quiesce/inspect'
 * import { createMachine } from 'xstate'
 *
 * const door = createMachine({
 *   initial: 'shut',
 *   states: { shut: { on: { push: 'open' } }, open: { after: { 500: 'shut' } } },
 * })
 * console.log(toMermaid(door).includes('open --> shut : after 500 ms')) // true
 * ```
 */
export function toMermaid(machine: AnyActorLogic | Chart): string {
  const chart = 'nodes' in machine && 'edges' in machine ? machine : chartOf(machine)
  if (chart === undefined) throw new TypeError('toMermaid: not a machine; give what `createMachine` returns, or a chart')
  return new StateDiagram(chart).text()
}

/** An end of an arrow: a state, or the mark in a box for any state in it. */
interface End {
  readonly id: string
  /** The box in which it stands. */
  readonly box: string | undefined
}

/** A diagram while it is written. */
class StateDiagram {
  readonly #nodes: ReadonlyMap<string, ChartNode>
  readonly #edges: readonly ChartEdge[]
  readonly #ids = new MermaidIds()
  readonly #lines = ['stateDiagram-v2']
  /** How many boxes are around the line that is written next. */
  #depth = 1

  constructor({ nodes, edges }: Chart) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]))
    this.#edges = edges
    for (const { id, key } of nodes) this.#ids.give(id, key)
  }

  text(): string {
    for (const root of this.#childrenOf(undefined)) {
      // The machine itself is a box only where something is to be said of it as a whole.
      const isSpokenOf = root.entry.length + root.exit.length + root.invokes.length > 0
      if (root.kind !== 'compound' || isSpokenOf || this.#edges.some(({ from, to }) => from === root.id || to === root.id)) {
        this.#begin(root)
        this.#node(root)
      } else this.#inside(root)
    }
    this.#arrows(undefined)
    return `${this.#lines.join('\n')}\n`
  }

  // --- states

  #node(node: ChartNode): void {
    const id = this.#ids.of(node.id)
    const remarks = remarksOn(node, this.#edges)
    const label = labelOf(node)
    if (this.#childrenOf(node.id).length > 0) {
      this.#write(`state ${label === id ? id : `"${label}" as ${id}`} {`)
      this.#depth += 1
      this.#inside(node)
      this.#depth -= 1
      this.#write('}')
      if (remarks.length > 0) this.#write(`note right of ${id} : ${remarks.join('<br/>')}`)
    } else {
      this.#write(label === id && remarks.length === 0 ? id : `state "${label}" as ${id}`)
      for (const remark of remarks) this.#write(`${id} : ${remark}`)
    }
    if (node.kind === 'final') this.#write(`${id} --> [*]`)
  }

  #inside(node: ChartNode): void {
    if (node.initial !== undefined) this.#begin(this.#at(node.initial))
    this.#childrenOf(node.id).forEach((child, at) => {
      if (node.kind === 'parallel' && at > 0) this.#write('--')
      this.#node(child)
    })
    if (this.#edges.some((edge) => edge.from === node.id && this.#leadsInside(edge)))
      this.#write(`state "in any state" as ${this.#ids.give(markIn(node), 'any')}`)
    this.#arrows(node.id)
  }

  #begin({ id }: ChartNode): void {
    this.#write(`[*] --> ${this.#ids.of(id)}`)
  }

  // --- transitions

  /** One arrow for all that leads from one state to another. What leads from one box to another belongs into neither. */
  #arrows(box: string | undefined): void {
    const arrows = new Map<string, string[]>()
    for (const edge of this.#edges) {
      if (edge.to === undefined) continue
      const [from, to] = [this.#sourceOf(edge), this.#targetOf(edge, this.#at(edge.to))]
      if ((from.box === to.box && this.#nodes.get(from.box ?? '')?.kind === 'compound' ? from.box : undefined) !== box) continue
      const arrow = `${this.#ids.of(from.id)} --> ${this.#ids.of(to.id)}`
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), lineOf(edge)])
    }
    for (const [arrow, lines] of arrows) this.#write(`${arrow} : ${lines.join('<br/>')}`)
  }

  // Mermaid draws no arrow from a box to what is in it: it comes from a mark in the box.
  #sourceOf(edge: ChartEdge): End {
    const source = this.#at(edge.from)
    return this.#leadsInside(edge) ? { id: markIn(source), box: source.id } : { id: source.id, box: source.parent }
  }

  // Nor the other way round. To enter a state out of itself is to begin in it anew.
  #targetOf({ from }: ChartEdge, target: ChartNode): End {
    const { id, parent, initial } = target
    return initial !== undefined && this.#isWithin(from, id) ? { id: initial, box: id } : { id, box: parent }
  }

  #leadsInside({ from, to }: ChartEdge): boolean {
    return to !== undefined && this.#at(from).kind === 'compound' && this.#isWithin(to, from)
  }

  #isWithin(id: string, box: string): boolean {
    const { parent } = this.#at(id)
    return parent !== undefined && (parent === box || this.#isWithin(parent, box))
  }

  // --- what is written

  #at(id: string): ChartNode {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new TypeError(`toMermaid: a chart without the state ${JSON.stringify(id)} that it speaks of`)
    return node
  }

  #childrenOf(id: string | undefined): readonly ChartNode[] {
    return [...this.#nodes.values()].filter(({ parent }) => parent === id)
  }

  #write(line: string): void {
    this.#lines.push('  '.repeat(this.#depth) + line)
  }
}

const markIn = ({ id }: ChartNode): string => `${id} any`

function labelOf({ kind, history, key }: ChartNode): string {
  if (kind !== 'history') return mermaidText(key)
  return mermaidText(history === 'deep' ? 'H*' : 'H')
}

/** What is said of a state beyond where it leads. */
function remarksOn({ id, entry, exit, invokes }: ChartNode, edges: readonly ChartEdge[]): string[] {
  const named = (what: string, names: readonly string[]): string[] => (names.length === 0 ? [] : [`${what} / ${namesOf(names)}`])
  const staying = edges.filter(({ from, to }) => from === id && to === undefined)
  return [...named('entry', entry), ...named('exit', exit), ...named('invoke', invokes), ...staying.map(lineOf)]
}

function lineOf({ label, guard, actions }: ChartEdge): string {
  const condition = guard === undefined ? '' : ` [${mermaidText(guard)}]`
  const what = actions.length === 0 ? '' : ` / ${namesOf(actions)}`
  return `${mermaidText(label)}${condition}${what}`
}

function namesOf(names: readonly string[]): string {
  return names.map(mermaidText).join(', ')
}
