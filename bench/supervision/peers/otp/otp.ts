// Erlang/OTP in processes of its own: compiled once into a temporary directory, its lines read as samples.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { effortFor, type Samples } from '../../sampling.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 300_000

/** OTP on this machine. */
export interface Otp {
  readonly version: string
  measure(measure: string, count: number): Promise<Samples>
  [Symbol.dispose](): void
}

/** OTP, ready to be measured; undefined where `erl` or its compiler is missing. */
export async function findOtp(): Promise<Otp | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'quiesce-otp-'))
  const dispose = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    const sources = ['bench_child.erl', 'bench_tree.erl'].map((name) => join(import.meta.dirname, name))
    await run('erlc', ['-o', directory, ...sources])
    const about = 'io:format("~s", [erlang:system_info(otp_release)]), halt().'
    const { stdout } = await run('erl', ['-noshell', '-eval', about], { timeout: TIMEOUT_MS })
    return { version: stdout.trim(), measure: (measure, count) => measureIn(directory, measure, count), [Symbol.dispose]: dispose }
  } catch (error) {
    dispose()
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function measureIn(directory: string, measure: string, count: number): Promise<Samples> {
  const { warmups, repeats } = effortFor(count)
  const args = ['-noshell', '-pa', directory, '-run', 'bench_tree', 'run', measure, String(count), String(warmups), String(repeats)]
  const { stdout } = await run('erl', args, { timeout: TIMEOUT_MS })
  const samples: Samples = {}
  for (const line of stdout.trim().split('\n')) {
    const [name = '', value = ''] = line.split(' ')
    samples[name] ??= []
    samples[name].push(Number(value))
  }
  return samples
}
