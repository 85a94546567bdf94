// Builds the definitions of a script's supervisors and children through the public API.
import { dynamicSupervisor, type Service, supervisor } from '../../src/index.js'
import type { Settings } from './script.js'
import { Term } from './terms.js'
import type { Workshop } from './workers.js'

/** What a script has declared so far. */
export class Declarations {
  readonly flags = new Map<string, Settings>()
  readonly children = new Map<string, Settings>()
  readonly order = new Map<string, string[]>()
  readonly #workshop: Workshop

  constructor(workshop: Workshop) {
    this.#workshop = workshop
  }

  declareSupervisor(id: string, settings: Settings): void {
    this.flags.set(id, settings)
  }

  declareChild(parent: string, id: string, settings: Settings): void {
    this.children.set(id, settings)
    this.#workshop.behave(id, settings)
    if (parent !== '-') this.order.set(parent, [...(this.order.get(parent) ?? []), id])
  }

  isDynamic(id: string): boolean {
    return this.flags.get(id)?.['strategy'] === 'simple_one_for_one'
  }

  /** The definition of a child, or of a root; `label` names it in the trace. */
  define(id: string, label = id): Service {
    const settings = this.children.get(id) ?? {}
    if (settings['type'] !== 'supervisor' && this.children.has(id)) return this.#workshop.define(id, label, childOptions(settings))
    return this.#defineSupervisor(id, label, settings)
  }

  #defineSupervisor(id: string, label: string, settings: Settings): Service {
    const flags = this.flags.get(id) ?? {}
    const common = {
      ...childOptions(settings),
      intensity: { max: numberOf(flags['intensity'] ?? '1'), within: numberOf(flags['period'] ?? '5') * 1_000 },
      giveUp: 'shutdown',
      autoShutdown: dashed(flags['auto_shutdown'] ?? 'never'),
      init: (ctx: { readonly address: string; ignore(): never }) => {
        this.#workshop.labels.set(ctx.address, label)
        const entry = this.#workshop.nextEntry(label)
        if (entry.does === 'ignore') ctx.ignore()
        if (entry.does === 'error') throw new Term(entry.term)
      },
    } as object
    const ids = this.order.get(id) ?? []
    if (this.isDynamic(id)) {
      const [template] = ids
      const child = template === undefined ? undefined : (argument: string) => this.define(template, argument)
      return dynamicSupervisor(id, { ...common, child: child as (argument: string) => Service })
    }
    const strategy = dashed(flags['strategy'] ?? 'one_for_one') as 'one-for-one'
    return supervisor(id, { ...common, strategy, children: ids.map((child) => this.define(child)) })
  }

  kindOf(id: string): 'supervisor' | 'worker' {
    return this.children.get(id)?.['type'] === 'supervisor' ? 'supervisor' : 'worker'
  }
}

function childOptions({ restart, shutdown, significant }: Settings): object {
  return {
    ...(restart === undefined ? {} : { restart }),
    ...(shutdown === undefined ? {} : { shutdown: shutdown === 'infinity' ? shutdown : numberOf(shutdown) }),
    ...(significant === undefined ? {} : { significant: significant === 'true' ? true : significant === 'false' ? false : significant }),
  }
}

// What is no number is handed on as it is: refusing it is the runtime's business.
function numberOf(word: string): number {
  if (word === 'infinity') return Number.POSITIVE_INFINITY
  return (/^-?\d+$/.test(word) ? Number(word) : dashed(word)) as number
}

function dashed(word: string): string {
  return ['one_for_one', 'one_for_all', 'rest_for_one', 'any_significant', 'all_significant', 'brutal_kill'].includes(word)
    ? word.replaceAll('_', '-')
    : word
}
