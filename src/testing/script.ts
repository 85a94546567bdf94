// What is done to a running tree, as plain data: so it can be shrunk, printed and done again.
import { drawPlan, type ServicePlan } from './plan.js'

/** A place: its address, or a number that counts the tree's places from the root down, modulo how many there are. */
export type Target = string | number

/** One thing that is done to a running tree. */
export type Command =
  | { readonly does: 'advance'; readonly ms: number }
  /** Lets so many of the hooks settle that could. */
  | { readonly does: 'settle'; readonly count: number }
  /** `restart` is the supervisor's `restartChild`, of one that is down; `renew` is `Ref.restart`. */
  | { readonly does: 'crash' | 'exit' | 'kill' | 'terminate' | 'restart' | 'renew' | 'delete'; readonly target: Target }
  | { readonly does: 'add'; readonly target: Target; readonly child: ServicePlan }
  | { readonly does: 'stop'; readonly deadlineMs?: number | undefined }
  | { readonly does: 'hurry' }

/** A script as text, one line a command; `addresses` are the tree's places. */
export function drawScript(script: readonly Command[], addresses: readonly string[], deadlineMs: number | undefined): string {
  const lines = script.map((command) => {
    if ('target' in command) {
      const added = command.does === 'add' ? ` ${drawPlan(command.child)}` : ''
      return `${command.does} ${addressOf(command.target, addresses)}${added}`
    }
    const { does, ...rest } = command
    return `${does} ${Object.values(rest).map(String).join(' ')}`.trim()
  })
  return ['start', ...lines, `stop ${deadlineMs ?? 'without a limit'}, if nobody did`].join('\n')
}

/** The address of a target. */
export function addressOf(target: Target, addresses: readonly string[]): string {
  return typeof target === 'string' ? target : (addresses[target % addresses.length] as string)
}
