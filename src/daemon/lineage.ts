// Reads where this process comes from: its parents as Linux shows them, and what package managers leave in the environment.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Ancestor, Lineage } from '../policy/lineage.js'

// More than any chain of shells and scripts; a bound in case parents change while they are read.
const DEEPEST = 64

/** Where this process comes from; without Linux' `/proc` nothing is known of its parents. */
export function readLineage(): Lineage {
  const { env } = process
  return {
    pid: process.pid,
    ancestors: ancestors(),
    command: command(),
    script: env['npm_lifecycle_event'],
    manager: env['npm_execpath'],
    isProduction: env['NODE_ENV'] === 'production',
  }
}

function ancestors(): Ancestor[] {
  const found: Ancestor[] = []
  try {
    // The first process of a container has no parent, or one that cannot be seen from here.
    for (let pid = process.ppid; pid > 0 && found.length < DEEPEST; pid = parentOf(pid)) {
      found.push({ pid, argv: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean) })
    }
    return found
  } catch {
    return []
  }
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The parent is the fourth field; the second, the name, may itself contain blanks and parentheses.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

// Flags and arguments may be secret.
function command(): string[] {
  const [, script, ...args] = process.argv
  const flags = process.execArgv.length > 0 ? ['…'] : []
  if (script === undefined) return ['node', '…']
  return ['node', ...flags, relative(process.cwd(), script), ...(args.length > 0 ? ['…'] : [])]
}
