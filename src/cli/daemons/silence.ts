// Why a process that listens says nothing: what the system knows of it, and what to do about it.
import { readFileSync } from 'node:fs'

/** A guess with its remedy. */
export function whySilent(pid: number | undefined): string {
  const state = pid === undefined ? undefined : stateOf(pid)
  if (state === 'T' || state === 't') return `process ${pid} is suspended; \`kill -CONT ${pid}\` lets it go on`
  if (state === 'Z' || state === 'X') return `process ${pid} has ended, and its parent has not noticed`
  if (state === 'D') return `process ${pid} waits for a disk or a device`
  const who = pid === undefined ? 'it' : `process ${pid}`
  if (state === 'R') return `its event loop is busy with one long piece of work; \`--timeout 1m\` waits longer`
  return `its event loop is blocked, or ${who} gets no time to run; \`--timeout 1m\` waits longer`
}

// As Linux has it: running, sleeping, waiting for a disk, suspended, ended. The name before it may contain parentheses.
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}
