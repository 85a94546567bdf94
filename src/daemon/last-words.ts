// Synchronous last words on standard error: for ends that leave no turn of the event loop.
import { writeSync } from 'node:fs'
import type { TreeNode } from '../tree/tree-node.js'
import { shareListener } from './shared-listener.js'

/** Writes one line at once; a closed or full standard error is no reason to fail. */
export function lastWords(line: string): void {
  try {
    writeSync(2, `quiesce: ${line}\n`)
  } catch {
    // There is nobody left to tell.
  }
}

/** Notices that somebody else ends the process while services have not stopped. Returns what removes the listener. */
export function noticeForeignExit(tree: () => TreeNode): () => void {
  const notice = (code: number): void => {
    const alive = unstopped(tree())
    if (alive.length === 0) return
    lastWords(`the process exits with code ${code}${callerOfExit()} while ${alive.join(', ')} had not stopped; nothing was drained`)
  }
  return shareListener(process, 'exit', notice)
}

function unstopped(node: TreeNode): string[] {
  const own = node.kind === 'service' && node.status !== 'stopped' ? [`${node.address} (${node.status})`] : []
  return [...own, ...node.children.flatMap(unstopped)]
}

// `exit` listeners run inside `process.exit()`, so whoever called it is on the stack.
function callerOfExit(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  const exit = frames.findIndex((frame) => frame.includes('process.exit'))
  const caller = exit < 0 ? undefined : frames[exit + 1]
  return caller === undefined ? '' : `, called ${caller.trim()}`
}

/** Ends the process at once, without `exit` listeners, which could still write to sockets. */
export function haltProcess(address: string, reason: string, code: number): never {
  lastWords(`halted by ${address}: ${reason}; nothing was drained or flushed`)
  process.removeAllListeners('exit')
  return process.exit(code)
}
