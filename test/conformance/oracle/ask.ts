// Asks the real Erlang/OTP: compiles the oracle once, runs it over scripts, gives their canonical traces.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('./oracle.erl', import.meta.url))
// One emulator runs so many scripts, then the next: a long command line and a long silence help nobody.
const PORTION = 200

/** Whether there is an Erlang on this machine. */
export function hasErlang(): boolean {
  return spawnSync('erlc', ['+version'], { stdio: 'ignore' }).error === undefined
}

/** The traces of scripts by name. */
export function askOtp(scripts: ReadonlyMap<string, string>): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-oracle-'))
  try {
    run('erlc', ['-o', folder, SOURCE])
    for (const [name, script] of scripts) writeFileSync(join(folder, name), script)
    const files = readdirSync(folder).filter((file) => file.endsWith('.sup'))
    const traces = new Map<string, string>()
    for (let at = 0; at < files.length; at += PORTION) {
      const portion = files.slice(at, at + PORTION).map((file) => join(folder, file))
      const args = ['+S', '1:1', '-noshell', '-pa', folder, '-s', 'oracle', 'main', '-extra', ...portion]
      for (const [name, trace] of split(run('erl', args))) traces.set(name, trace)
    }
    return traces
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (error !== undefined) throw new Error(`${command} cannot be run (${error.message}). Install Erlang: apt-get install erlang-base`)
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${stdout.slice(-2_000)}\n${stderr}`)
  return stdout
}

function split(output: string): [string, string][] {
  return output
    .split('## end\n')
    .filter((trace) => trace !== '')
    .map((trace) => [trace.slice(3, trace.indexOf('\n')), `${trace}## end\n`])
}
