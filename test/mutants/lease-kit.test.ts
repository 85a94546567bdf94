// Deliberately broken lease stores: the conformance kit must find each of them. A mutant is one change in the text of the store in memory.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { memoryLease } from '../../src/leases/memory.js'
import type { Lease } from '../../src/protocol/lease.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { ROOT } from '../house/sources.js'
import { Bench } from '../leases/bench.js'
import type { ConformanceCase } from '../leases/case.js'
import { GROUPS } from '../leases/groups.js'

type Mutant = readonly [what: string, from: string, to: string]

const MUTANTS: readonly Mutant[] = [
  ['acquire without the version', 'claim.version !== this.#version || !isFree', '!isFree'],
  ['acquire without the expiry', '!isFree || !isInTime', '!isInTime'],
  ['acquire before the lease is over', 'now >= expiresAt', 'now >= expiresAt - claim.leaseMs * 0.6'],
  ['acquire never of an expired lease', 'holder === undefined || now >= expiresAt', 'holder === undefined'],
  ['acquire after notAfterMs', 'const isInTime = claim.notAfterMs === undefined || now <= claim.notAfterMs', 'const isInTime = true'],
  ['acquire by its holder', 'isFree = holder === undefined ||', 'isFree = holder?.id === claim.candidate.id || holder === undefined ||'],
  ['a grant does not count', 'term: term + 1n,', 'term: term === 0n ? 1n : term,'],
  ['a grant counts by two', 'term: term + 1n,', 'term: term + 2n,'],
  ['a term is a number', 'term: term + 1n,', 'term: BigInt(Number(term) + 1),'],
  [
    'a grant forgets the last exit',
    '      lastExit,\n      handover: undefined,\n      expiresAt: now',
    '      lastExit: undefined,\n      handover: undefined,\n      expiresAt: now',
  ],
  [
    'a grant leaves the wish',
    'lastExit,\n      handover: undefined,\n      expiresAt: now',
    'lastExit,\n      handover: this.#kept.handover,\n      expiresAt: now',
  ],
  ['a grant keeps what it was given', 'holder: Object.freeze({ ...claim.candidate })', 'holder: claim.candidate'],
  [
    'who holds it is known by term alone',
    'this.#kept.term === term && this.#kept.holder?.incarnation === incarnation',
    'this.#kept.term === term',
  ],
  ['who holds it is known by incarnation alone', 'this.#kept.term === term && this.#kept', 'this.#kept'],
  [
    'who holds it is known by id',
    '#isHeldBy({ incarnation }: Candidate, term: bigint): boolean {',
    '#isHeldBy({ id: incarnation }: Candidate, term: bigint): boolean {\n    if (this.#kept.term === term && this.#kept.holder?.id === incarnation) return true',
  ],
  ['a renewal does not extend', 'leaseMs, phase, expiresAt: this.#clock.now() + leaseMs', 'leaseMs, phase'],
  ['a renewal does not change the length', '...this.#kept, leaseMs, phase, expires', '...this.#kept, phase, expires'],
  ['a renewal does not tell that it steps down', 'leaseMs, phase, expiresAt: this', 'leaseMs, expiresAt: this'],
  ['a renewal clears the wish', '...this.#kept, leaseMs, phase', '...this.#kept, handover: undefined, leaseMs, phase'],
  [
    'a renewal counts',
    'return this.#write({ ...this.#kept, leaseMs, phase',
    'return this.#write({ ...this.#kept, term: term + 1n, leaseMs, phase',
  ],
  [
    'a renewal only before the expiry',
    'if (!this.#isHeldBy(candidate, term)) return',
    'if (!this.#isHeldBy(candidate, term) || this.#clock.now() >= this.#kept.expiresAt) return',
  ],
  [
    'a release only before the expiry',
    'if (!this.#isHeldBy(candidate, exit.term)) return',
    'if (!this.#isHeldBy(candidate, exit.term) || this.#clock.now() >= this.#kept.expiresAt) return',
  ],
  ['a release by anybody', 'if (!this.#isHeldBy(candidate, exit.term)) return', 'if (this.#kept.holder === undefined) return'],
  [
    'a release of any term',
    'if (!this.#isHeldBy(candidate, exit.term)) return',
    'if (this.#kept.holder?.incarnation !== candidate.incarnation) return',
  ],
  ['a release repeated says no', 'if (term === exit.term && releasedBy === candidate.incarnation) return', 'if (term < 0n) return'],
  [
    'a release repeated by anybody says yes',
    'term === exit.term && releasedBy === candidate.incarnation',
    'term === exit.term && releasedBy !== undefined',
  ],
  [
    'a release repeated of any term says yes',
    'term === exit.term && releasedBy === candidate.incarnation',
    'releasedBy === candidate.incarnation',
  ],
  [
    'a release repeated overwrites',
    'return { ok: true, record: this.#record() }\n    if (!this',
    'return this.#write({ ...this.#kept, lastExit: exit })\n    if (!this',
  ],
  ['a release does not write the exit', 'lastExit: Object.freeze({ ...exit }),', ''],
  ['a release keeps what it was given', 'lastExit: Object.freeze({ ...exit })', 'lastExit: exit'],
  ['a release loses the checkpoint', 'Object.freeze({ ...exit })', 'Object.freeze({ ...exit, checkpoint: undefined })'],
  [
    'a release takes no checkpoint for an empty one',
    'Object.freeze({ ...exit })',
    "Object.freeze({ ...exit, checkpoint: exit.checkpoint ?? '' })",
  ],
  [
    'a release cuts the checkpoint',
    'Object.freeze({ ...exit })',
    'Object.freeze({ ...exit, checkpoint: exit.checkpoint?.slice(0, 65_536) })',
  ],
  ['a release says that it was drained', 'Object.freeze({ ...exit })', 'Object.freeze({ ...exit, drained: true })'],
  ['a release clears the wish', 'to === undefined ? handover', 'to === undefined ? undefined'],
  ['a release names nobody', 'to === undefined ? handover :', 'true ? handover :'],
  ['a release names with one nonce', 'nonce: `release of', 'nonce: `released`.trim() || `of'],
  ['a release stays held', "phase: 'vacant',\n      lastExit: Object", "phase: 'held',\n      lastExit: Object"],
  [
    'a wish of a vacant lease',
    'if (this.#kept.holder === undefined || this.#kept.term !== term) return',
    'if (this.#kept.term !== term) return',
  ],
  [
    'a wish to an earlier term',
    'if (this.#kept.holder === undefined || this.#kept.term !== term) return',
    'if (this.#kept.holder === undefined) return',
  ],
  ['a wish is kept once', 'handover: Object.freeze({ to, nonce })', 'handover: this.#kept.handover ?? Object.freeze({ to, nonce })'],
  [
    'a wish is answered and not written',
    'return this.#write({ ...this.#kept, handover: Object.freeze({ to, nonce }) })',
    'return { ok: true, record: { ...this.#record(), handover: { to, nonce } } }',
  ],
  ['a write is no new version', 'this.#writes += 1', ''],
  ['a refused call is a new version', 'return { ok: false, record', 'this.#writes += 1\n    return { ok: false, record'],
  [
    'a refused call is answered with what it wanted',
    'return { ok: false, record: this.#record() }',
    'return { ok: false, record: { ...this.#record(), version: String(this.#writes - 1) } }',
  ],
  ['a reader is given what is kept', 'Object.freeze({ ...claim.candidate })', '{ ...claim.candidate }'],
  ['the time that is left is that of the lease', 'record.holder && expiresAt - now', 'record.holder && record.leaseMs'],
  ['an aborted call is applied', 'if (signal.aborted) throw', 'if (signal.aborted && this.#writes < 0) throw'],
  ['nobody is told', 'queueMicrotask(() => this.#observers.has(observer) && observer())', 'void observer'],
  [
    'one is told',
    'for (const observer of this.#observers) queueMicrotask',
    'for (const observer of [...this.#observers].slice(0, 1)) queueMicrotask',
  ],
  ['who stopped is told', 'return () => void this.#observers.delete(observer)', 'return () => {}'],
  ['one function is one observer', 'const observer = (): void => onChange()', 'const observer = onChange'],
  ['all elections are one name', 'this.election = election', "this.election = 'election'"],
]

const SCRATCH = join(ROOT, '.data/mutants')
const ELECTION = 'billing'
const LEASE_MS = 15_000
// Cases that memory can have; nobody waits in them for anything but time that is let pass.
const NEEDS = new Set(['pass', 'handover', 'watch', 'beat'])
const CASES = Object.values(GROUPS)
  .flat()
  .filter(({ needs = [] }) => needs.every((ability) => NEEDS.has(ability)))
/** Turns of the event loop after which a case that waits for a microtask waits for ever. */
const TURNS = 1_000

const source = readFileSync(join(ROOT, 'src/leases/memory.ts'), 'utf8').replaceAll(
  / from '(\.{1,2}\/[^']+)'/g,
  (_, path: string) => ` from '${join(ROOT, 'src/leases', path)}'`,
)
const kills: string[] = []

beforeAll(() => void mkdirSync(SCRATCH, { recursive: true }))
afterAll(() => {
  rmSync(SCRATCH, { recursive: true, force: true })
  console.log(kills.join('\n'))
})

test('the store as it is passes all cases', async () => {
  expect(await firstFailure(source, 'none')).toBeUndefined()
})

test.each(MUTANTS.map((mutant, index) => [...mutant, index] as const))('is found: %s', async (what, from, to, index) => {
  expect(source.split(from), 'the text to be changed is there once').toHaveLength(2)
  const found = await firstFailure(
    source.replace(from, () => to),
    String(index),
  )
  kills.push(`${what.padEnd(50)} ${found}`)
  expect(found, 'the case that finds it').toBeDefined()
})

/** The title of the first case that fails on a store of this text. */
async function firstFailure(text: string, name: string): Promise<string | undefined> {
  const file = join(SCRATCH, `memory-${name}.ts`)
  writeFileSync(file, text)
  const store = (await import(file)) as { memoryLease: typeof memoryLease }
  for (const one of CASES) if (!(await passes(one, store.memoryLease))) return one.title
  return undefined
}

async function passes(one: ConformanceCase, open: typeof memoryLease): Promise<boolean> {
  const env = new VirtualEnv()
  const election = one.election ?? ELECTION
  const leases = new Map<string, Lease>()
  const handle = async (name = election): Promise<Lease> => {
    const lease = leases.get(name) ?? open(name, { term: name === election ? (one.term ?? 0n) : 0n })
    if (!leases.has(name)) lease.useClock?.(env.clock)
    leases.set(name, lease)
    return lease
  }
  const bench = new Bench({ handle, pass: (ms) => env.advance(ms), close: async () => {} }, election, LEASE_MS)
  const ended = one.run(bench).then(
    () => true,
    () => false,
  )
  return Promise.race([ended, turns()])
}

async function turns(): Promise<false> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  return false
}
