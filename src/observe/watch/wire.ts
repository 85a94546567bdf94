// Facts as they leave the process: plain JSON, of bounded size, and of an error never more than its kind, code and message. Clients
// hang whole requests, with their credentials, on the errors that they throw.
import { describe } from '../../base/errors.js'
import type { Exit } from '../../protocol/exit.js'
import type { Ending, Fact } from '../../protocol/fact.js'
import type { WireError, WireFact } from './frames.js'

const CAUSES = 5
const LONGEST_MESSAGE = 1_000

/** A fact without what must not leave the process, and without what JSON cannot hold. */
export function wireFact(fact: Fact): WireFact {
  const wired: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fact)) wired[key] = wireField(key, value)
  return wired as unknown as WireFact
}

/** An error, or whatever else was thrown. */
function wireError(error: unknown): WireError {
  const causes: string[] = []
  const seen = new Set<unknown>([error])
  for (let at = causeOf(error); at !== undefined && causes.length < CAUSES && !seen.has(at); at = causeOf(at)) {
    seen.add(at)
    causes.push(messageOf(at))
  }
  const { name, code } = error instanceof Error ? (error as Error & { readonly code?: unknown }) : { name: typeof error, code: undefined }
  return { name: String(name), message: messageOf(error), ...(typeof code === 'string' ? { code } : {}), causes }
}

function wireField(key: string, value: unknown): unknown {
  switch (key) {
    case 'error':
    case 'cause':
      return wireError(value)
    case 'exit':
      return wireExit(value as Exit)
    case 'ending':
      return wireEnding(value as Ending)
    default:
      return plain(value)
  }
}

function wireExit(exit: Exit): object {
  return exit.reason === 'crash' ? { reason: exit.reason, cause: wireError(exit.cause) } : exit
}

function wireEnding(ending: Ending): object {
  return { ...ending, exit: wireExit(ending.exit), errors: ending.errors.slice(0, CAUSES).map(wireError) }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return null
  return value
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

function messageOf(error: unknown): string {
  const text = error instanceof Error || typeof error !== 'object' ? describe(error) : 'not an Error'
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`
}
