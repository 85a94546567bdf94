// The recorded traces: scripts, what Erlang/OTP printed for them, and where this runtime differs on purpose.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Why a trace is not OTP's, by a rule that has a name. */
export interface Difference {
  readonly rule: string
  readonly why: string
}

/** One script and the traces that belong to it. */
export interface Vector {
  readonly name: string
  readonly script: string
  /** What OTP printed. */
  readonly otp: string
  /** What this runtime prints instead, and why; undefined where there is no difference. */
  readonly here: string | undefined
  readonly difference: Difference | undefined
}

const fixtures = fileURLToPath(new URL('../fixtures/otp/', import.meta.url))
const differences = JSON.parse(readFileSync(`${fixtures}differences.json`, 'utf8')) as Readonly<Record<string, Difference>>

/** The names of all differences: each must belong to a vector. */
export const differenceNames: readonly string[] = Object.keys(differences)

/** All vectors of a folder. */
export function vectorsIn(folder: 'cases' | 'fuzz'): Vector[] {
  const names = readdirSync(`${fixtures}${folder}`).filter((file) => file.endsWith('.sup'))
  return names.sort().map((file) => readVector(`${fixtures}${folder}/${file.slice(0, -'.sup'.length)}`))
}

function readVector(path: string): Vector {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const difference = differences[name]
  const here = difference === undefined ? undefined : readFileSync(`${path}.here`, 'utf8')
  return { name, script: readFileSync(`${path}.sup`, 'utf8'), otp: readFileSync(`${path}.canon`, 'utf8'), here, difference }
}
