// Makes random scripts from a seed: a tree of supervisors, then crashes, kills and calls. Only what OTP does the same every time is
// made: no two things at once, no death in the middle of a group restart.

import { seeded } from '../../src/testing/seeded.js'

type Random = () => number

/** A random script; the same seed gives the same. */
export function generateScript(seed: number): string {
  return new Generator(seeded(seed)).script()
}

const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one']
const RESTARTS = ['permanent', 'permanent', 'transient', 'temporary']
const REASONS = ['normal', 'shutdown', '{shutdown,x}', 'boom', 'boom', 'boom']
const FAILURES = ['error:e1', 'exit:e2', 'raise:e3', 'bad:e4', 'throwing:e5']

class Generator {
  readonly #random: Random
  readonly #lines: string[] = []
  readonly #workers: string[] = []
  readonly #supervisors: string[] = []
  readonly #dynamic: string[] = []
  readonly #loose: string[] = []
  #count = 0

  constructor(random: Random) {
    this.#random = random
  }

  script(): string {
    this.#supervisor('root', 0)
    for (let index = this.#below(4); index > 0; index -= 1) {
      this.#count += 1
      const id = `d${this.#count}`
      this.#loose.push(id)
      this.#lines.push(`child - ${id} ${this.#childWords(false)}`)
    }
    const declared = this.#lines.length
    for (let index = 3 + this.#below(20); index > 0; index -= 1) this.#lines.push(this.#command())
    this.#lines.splice(declared, 0, 'start root')
    return `${[...this.#lines, 'stop root'].join('\n')}\n`
  }

  #supervisor(id: string, depth: number): void {
    this.#supervisors.push(id)
    const auto = this.#pick(['never', 'never', 'any_significant', 'all_significant'])
    const intensity = this.#pick([0, 1, 1, 2, 3, 6, 20])
    this.#lines.push(`sup ${id} strategy=${this.#pick(STRATEGIES)} intensity=${intensity} period=3600 auto_shutdown=${auto}`)
    for (let index = 1 + this.#below(4); index > 0; index -= 1) this.#child(id, depth, auto !== 'never')
  }

  #child(parent: string, depth: number, maySignify: boolean): void {
    this.#count += 1
    const id = `n${this.#count}`
    const kind = depth < 3 ? this.#random() : 1
    if (kind < 0.25) {
      const plan =
        this.#random() < 0.3 ? ` start=${this.#pick(['ok,error:es,ok', 'ok,ignore,ok', 'ignore', 'ok,error:es,error:es,ok'])}` : ''
      this.#lines.push(`child ${parent} ${id} type=supervisor${plan} ${this.#restartWords(maySignify)}`)
      this.#supervisor(id, depth + 1)
    } else if (kind < 0.35) {
      this.#lines.push(`child ${parent} ${id} type=supervisor ${this.#restartWords(maySignify)}`)
      this.#template(id)
    } else {
      this.#workers.push(id)
      this.#lines.push(`child ${parent} ${id} ${this.#childWords(maySignify)}`)
    }
  }

  #template(id: string): void {
    this.#dynamic.push(id)
    this.#lines.push(`sup ${id} strategy=simple_one_for_one intensity=${this.#pick([0, 1, 2, 20])} period=3600`)
    this.#lines.push(`child ${id} ${id}t restart=${this.#pick(RESTARTS)}${this.#random() < 0.2 ? ' shutdown=brutal_kill' : ''}`)
  }

  #restartWords(maySignify: boolean): string {
    const restart = this.#pick(RESTARTS)
    const significant = maySignify && restart !== 'permanent' && this.#random() < 0.5 ? ' significant=true' : ''
    return `restart=${restart}${significant}`
  }

  #childWords(maySignify: boolean): string {
    const words = [this.#restartWords(maySignify)]
    if (this.#random() < 0.25)
      words.push(`stop=${this.#pick(['reason:oops', 'reason:normal', 'reason:{shutdown,x}', 'notrap', 'delay:5'])}`)
    if (this.#random() < 0.1) words.push('shutdown=brutal_kill')
    if (this.#random() < 0.4) words.push(`start=${this.#plan()}`)
    return words.join(' ')
  }

  #plan(): string {
    const entries = this.#random() < 0.95 ? ['ok'] : []
    for (let index = 1 + this.#below(4); index > 0; index -= 1) {
      entries.push(this.#random() < 0.4 ? 'ok' : this.#random() < 0.25 ? this.#pick(['ignore', 'info']) : this.#pick(FAILURES))
    }
    if (this.#random() < 0.1) entries.push('error:ef*')
    return entries.join(',')
  }

  #command(): string {
    const worker = this.#pick([...this.#workers, ...this.#workers, ...this.#loose, 'n1'])
    const chance = this.#random()
    if (chance < 0.45 && this.#workers.length > 0) return `crash ${this.#pick(this.#workers)} ${this.#pick(REASONS)}`
    if (chance < 0.52 && this.#workers.length > 0) return `kill ${this.#pick(this.#workers)}`
    if (chance < 0.56 && this.#supervisors.length > 1) return `kill ${this.#pick(this.#supervisors.slice(1))}`
    if (chance < 0.66 && this.#dynamic.length > 0) return `start_child ${this.#pick(this.#dynamic)} @w${1 + this.#below(3)}`
    const supervisor = this.#pick(this.#supervisors)
    if (chance < 0.72 && this.#loose.length > 0) return `start_child ${supervisor} ${this.#pick(this.#loose)}`
    if (chance < 0.8) return `terminate_child ${supervisor} ${worker}`
    if (chance < 0.88) return `restart_child ${supervisor} ${worker}`
    if (chance < 0.91) return `delete_child ${supervisor} ${worker}`
    return `${this.#pick(['which_children', 'count_children'])} ${supervisor}`
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T
  }
}
