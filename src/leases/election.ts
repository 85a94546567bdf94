// The name of an election: whoever names another one does not compete, so none is made up.
import { show } from '../protocol/spec.js'

/** @throws TypeError for what is no name, such as the context for which a store was to be made. */
export function demandElection(fn: string, election: unknown): void {
  if (typeof election === 'string' && election !== '') return
  throw new TypeError(`${fn}(${show(election)}): an election needs a name; all who compete in it give the same one`)
}
