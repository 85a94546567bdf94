// Errors in a log: what tells a person what happened, and never what a client hung on them.
import { describe } from './errors.js'

/** What a log says of an error. */
export interface ErrorFields {
  readonly type: string
  readonly message: string
  readonly code?: string | number | undefined
  readonly stack?: string
}

/**
 * An error as fields of a log line: its kind, code, message and stack with its causes. Nothing else of it: clients hang whole requests,
 * with their credentials, on the errors that they throw.
 */
export function logError(error: unknown): { readonly err: ErrorFields } {
  if (!(error instanceof Error)) return { err: { type: typeof error, message: describe(error) } }
  const { name } = error
  const { code } = error as { readonly code?: unknown }
  // Without a prototype, since pino would take the name of its constructor for the type.
  const err = Object.create(null, { name: { value: name } })
  return {
    err: Object.assign(err, { type: name, code: isPlain(code) ? code : undefined, message: describe(error), stack: stackOf(error) }),
  }
}

const CAUSES = 5

function stackOf(error: Error): string {
  const stacks: string[] = []
  for (let at: unknown = error; at instanceof Error && stacks.length < CAUSES; at = at.cause) stacks.push(at.stack ?? describe(at))
  return stacks.join('\ncaused by: ')
}

function isPlain(code: unknown): code is string | number {
  return typeof code === 'string' || typeof code === 'number'
}
