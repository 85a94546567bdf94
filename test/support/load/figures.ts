// What a run came to: the clients' journals and the servers' held against each other. A journal that contradicts the other is an error.
import type { Asked, Outcome } from './clients.ts'
import type { Handled } from './server-process.ts'

/** The count of a run. */
export interface Figures {
  readonly answered: number
  /** Answered with 5xx. */
  readonly errorAnswers: number
  /** Sent, and no complete answer came. */
  readonly broken: number
  /** Those of them whose handler had begun. */
  readonly inFlightLost: number
  /** Not sent, since nobody listened any more. */
  readonly refused: number
  /** Each broken request, for the curious. */
  readonly how: readonly string[]
}

/** Counts. @throws Error when a request was answered that no handler has finished, or handled twice, or by a handler nobody asked. */
export function count(journal: readonly Asked[], handled: readonly Handled[]): Figures {
  const begun = handled.flatMap((each) => each.begun)
  const finished = new Set(handled.flatMap((each) => each.finished))
  const outcomes = new Map(journal.map(({ id, outcome }) => [id, outcome]))
  const twice = begun.filter((id, index) => begun.indexOf(id) !== index)
  const invented = begun.filter((id) => !outcomes.has(id))
  const unworked = journal.filter(({ id, outcome }) => outcome === 'answered' && !finished.has(id)).map(({ id }) => id)
  for (const [what, ids] of Object.entries({
    'handled twice': twice,
    'handled, but never asked': invented,
    'answered, but not handled': unworked,
  })) {
    if (ids.length > 0) throw new Error(`the journals contradict each other: ${what}: ${ids.join(', ')}`)
  }
  const isLost = (id: string): boolean => outcomes.get(id) === 'broken' || outcomes.get(id) === 'refused'
  const having = (outcome: Outcome): Asked[] => journal.filter((asked) => asked.outcome === outcome)
  const began = new Set(begun)
  return {
    answered: having('answered').length,
    errorAnswers: having('error answer').length,
    broken: having('broken').length,
    inFlightLost: begun.filter(isLost).length,
    refused: having('refused').length,
    how: having('broken').map(
      ({ id, detail, reused }) =>
        `${id}: ${detail}, ${reused ? 'used' : 'new'} connection, handler ${began.has(id) ? 'begun' : 'not begun'}`,
    ),
  }
}
