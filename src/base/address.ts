// Where a service stands in the tree: ids joined by `/`. The one place that knows how ids and addresses are spelled.

// A control character in a name would move the cursor of every terminal and log that it is shown in.
const FORBIDDEN = /[/#@\s\p{Cc}]/u

/** Says what is wrong with an id, or `undefined` when it is a good one. */
export function idProblem(id: unknown): string | undefined {
  if (typeof id !== 'string') return `an id must be a string, got ${typeof id}`
  if (id === '') return 'an id must not be empty'
  const bad = FORBIDDEN.exec(id)
  if (bad === null) return undefined
  return `id ${JSON.stringify(id)} contains ${JSON.stringify(bad[0])}; it may hold no "/", "#" or "@", no white space and no control characters`
}

/** The address of a child: `shop` + `db` is `shop/db`; the root's address is its id. */
export function childAddress(parent: string, id: string): string {
  return parent === '' ? id : `${parent}/${id}`
}

/** The name of one incarnation, unique in the life of a tree: `shop/db#3`. */
export function incarnationName(address: string, incarnation: number): string {
  return `${address}#${incarnation}`
}

/** The id at its end: that of `shop/db` is `db`. */
export function idOf(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1)
}

/** The address above; empty above the root. */
export function addressAbove(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('/')))
}
