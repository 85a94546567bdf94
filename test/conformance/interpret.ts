// Runs a script against this runtime under virtual time and prints what happened, in the form of the recorded traces.
import { createSystem, type Service, SpecError, type System } from '../../src/index.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { canonical, raw } from './canon.js'
import { Calls } from './driver-calls.js'
import { parseScript, type Statement } from './script.js'
import { failureTerm, specTerm } from './terms.js'
import { Trace } from './trace.js'
import { Declarations } from './trees.js'
import { Workshop } from './workers.js'

/** How a script is printed. */
export interface Printing {
  /** True time order instead of one stream a supervisor. */
  readonly raw?: boolean
}

/** Runs a script; the lines of its trace. */
export async function interpret(name: string, text: string, printing: Printing = {}): Promise<string[]> {
  const run = new Run(printing)
  const lines = [`## ${name}`]
  for (const statement of parseScript(text)) lines.push(...(await run.perform(statement)))
  return [...lines, '## end']
}

class Run {
  readonly #printing: Printing
  readonly #env = new VirtualEnv()
  readonly #workshop = new Workshop(this.#env)
  readonly #declarations = new Declarations(this.#workshop)
  readonly #trace = new Trace(this.#workshop, (id) => this.#declarations.isDynamic(id))
  readonly #systems = new Map<string, System>()
  readonly #calls = new Calls(this.#workshop, this.#declarations, this.#trace, (id) => this.#addressOf(id))
  #asyncReplies: { readonly command: string; reply: string | undefined }[] = []

  constructor(printing: Printing) {
    this.#printing = printing
  }

  async perform(statement: Statement): Promise<string[]> {
    switch (statement.kind) {
      case 'sup':
        this.#declarations.declareSupervisor(statement.id, statement.settings)
        return []
      case 'child':
        this.#declarations.declareChild(statement.parent, statement.id, statement.settings)
        return []
      case 'behave':
        this.#workshop.behave(statement.id, statement.settings)
        return []
      case 'command':
        return [`> ${statement.line}`, ...(await this.#command(statement.words))]
    }
  }

  async #command(words: readonly string[]): Promise<string[]> {
    const [verb = '', first = ''] = words
    switch (verb) {
      case 'nowait':
        return this.#withoutWaiting(words.slice(1))
      case 'await_gate':
        return this.#awaitGate(first)
      case 'release_only':
        // Nothing has had the time to happen yet.
        this.#workshop.release(first)
        return this.#flush()
      case 'sleep_only':
        await this.#env.advance(Number(first))
        return this.#flush()
      case 'state':
        await this.#env.run()
        return [...this.#flush(), ...this.#state()]
      default: {
        const reply = this.#do(words)
        const settled = reply === undefined ? undefined : track(reply)
        if (verb === 'sleep' || verb === 'align') await this.#env.advance(this.#durationOf(verb, Number(first)))
        await this.#env.run()
        const lines = this.#flush()
        if (settled !== undefined) lines.push(`= ${settled.value}`)
        return lines
      }
    }
  }

  #durationOf(verb: string, ms: number): number {
    return verb === 'sleep' ? ms : 1_000 - (this.#env.now % 1_000) + ms
  }

  /** Does what a command says; returns the reply, if it has one. */
  #do(words: readonly string[]): Promise<string> | undefined {
    const [verb = '', first = '', second = ''] = words
    switch (verb) {
      case 'start':
        return this.#start(first)
      case 'stop':
        return this.#stop(first, second)
      case 'crash':
        return this.#crash(first, second)
      case 'kill':
        return this.#kill(first)
      case 'release':
        return void this.#workshop.release(first)
      case 'settle':
      case 'sleep':
      case 'align':
        return undefined
      case 'check_childspecs':
        return this.#calls.check(first, words.slice(2))
      default:
        return this.#calls.call(this.#systemOf(first), verb, first, second)
    }
  }

  async #withoutWaiting(words: readonly string[]): Promise<string[]> {
    const reply = this.#do(words)
    if (reply !== undefined) {
      const entry: { command: string; reply: string | undefined } = { command: words.join(' '), reply: undefined }
      this.#asyncReplies.push(entry)
      reply.then((text) => {
        entry.reply = text
      })
    }
    await this.#env.settle()
    return []
  }

  async #awaitGate(gate: string): Promise<string[]> {
    await this.#env.settle()
    while (!this.#workshop.isAwaited(gate)) {
      if (!(await this.#env.advanceToNext('keep-alive'))) throw new Error(`nobody ever waits at ${gate}`)
    }
    return this.#flush()
  }

  #flush(): string[] {
    const events = this.#trace.flush()
    const lines = this.#printing.raw === true ? raw(events) : canonical(events)
    const replies = this.#asyncReplies.filter(({ reply }) => reply !== undefined)
    this.#asyncReplies = this.#asyncReplies.filter(({ reply }) => reply === undefined)
    return [...lines, ...replies.map(({ command, reply }) => `async_reply [${command}] ${reply}`)]
  }

  // --- roots

  async #start(id: string): Promise<string> {
    const system = this.#build(id)
    if (typeof system === 'string') return system
    this.#systems.set(id, system)
    system.on((fact) => this.#trace.take(fact))
    try {
      await system.start()
      return `{ok,<${this.#trace.nameAt(id)}>}`
    } catch (error) {
      return `{error,${failureTerm(error)}}`
    }
  }

  #build(id: string): System | string {
    try {
      return createSystem<Service>(this.#declarations.define(id), { env: this.#env })
    } catch (error) {
      if (!(error instanceof SpecError)) throw error
      const { term, about } = specTerm(error)
      const reason = about === 'flags' ? `{supervisor_data,${term}}` : about === 'spec' ? `{start_spec,${term}}` : term
      const name = this.#trace.nextName(id)
      this.#trace.add(`starting ${name}`)
      this.#trace.add(`start_failed ${name} ${reason}`)
      return `{error,${reason}}`
    }
  }

  #stop(id: string, reason: string): undefined {
    if (reason !== '') this.#trace.rootReasons.set(id, reason)
    this.#systems.get(id)?.stop()
  }

  #crash(id: string, reason: string): undefined {
    const worker = this.#workshop.workers.get(id)
    if (worker !== undefined) this.#workshop.end(worker, reason)
  }

  #kill(id: string): undefined {
    const address = this.#addressOf(id)
    const worker = this.#workshop.workers.get(id)
    if (worker !== undefined) worker.struck = true
    if (address !== undefined) this.#systemOf(id)?.ref(address).kill()
  }

  #state(): string[] {
    const lines: string[] = []
    for (const [id, address] of [...this.#addresses()].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const status = this.#systemOf(id)?.ref(address).status
      lines.push(status === 'stopped' || status === undefined ? `dead ${id}` : `alive ${this.#trace.nameAt(address)}`)
    }
    return lines
  }

  // --- who is where

  #addressOf(id: string): string | undefined {
    return this.#addresses().get(id)
  }

  #addresses(): Map<string, string> {
    const found = new Map<string, string>()
    for (const system of this.#systems.values()) collect(system.tree(), found, this.#workshop)
    return found
  }

  #systemOf(id: string): System | undefined {
    const root = this.#addressOf(id)?.split('/')[0]
    return root === undefined ? undefined : this.#systems.get(root)
  }
}

interface Node {
  readonly address: string
  readonly id: string
  readonly children: readonly Node[]
}

function collect(node: Node, into: Map<string, string>, workshop: Workshop): void {
  into.set(workshop.labels.get(node.address) ?? node.id, node.address)
  for (const child of node.children) collect(child, into, workshop)
}

function track(promise: Promise<string>): { value: string | undefined } {
  const tracked: { value: string | undefined } = { value: undefined }
  promise.then(
    (value) => {
      tracked.value = value
    },
    (error) => {
      tracked.value = `{unexpected,${String(error)}}`
    },
  )
  return tracked
}
