// The promise that a stop under load is held to, and the run of it with a fixture of the process tests.
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { checkBuild, commandOf } from '../daemon-process.js'
import { play, type Run, type RunOptions, type Scenario } from './scenarios.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** How long after its last answer a daemon ends at the latest: the linger of idle connections, and 100 ms. */
export const PROMISED_MS = 600

export const SEEDS = [1, 2, 3, 4, 5]

interface StopOptions extends Partial<Pick<RunOptions, 'loadMs' | 'patienceMs'>> {
  readonly fixture?: string
  readonly env?: Readonly<Record<string, string>>
}

export function stopUnderLoad(scenario: Scenario, seed: number, options: StopOptions = {}): Promise<Run> {
  checkBuild()
  const { fixture = 'load', env = {}, loadMs = 8_000, ...rest } = options
  return play({ scenario, seed, loadMs, server: { node: process.execPath, args: commandOf(fixture), cwd: ROOT, env }, ...rest })
}

/** Nothing broken, nothing lost, no 5xx, exit code 0. */
export function expectNothingBroken(run: Run): void {
  const { how, errorAnswers, inFlightLost, ended, answered, transcript } = run
  expect({ how, errorAnswers, inFlightLost, code: ended?.code }, transcript).toEqual({ how: [], errorAnswers: 0, inFlightLost: 0, code: 0 })
  expect(answered).toBeGreaterThan(300)
}
