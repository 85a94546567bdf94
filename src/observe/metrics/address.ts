// Which series an address belongs to. One of the many children of a dynamic supervisor has none of its own: however many there are
// and however often they come and go, the number of series stays that of the tree as it was written.

/** Where the number of one of many begins: no id holds this character. */
const ONE_OF_MANY = '@'

/** The address whose series counts what happens at `address`: that of the topmost dynamic supervisor above, or its own. */
export function seriesAddress(address: string): string {
  const at = address.indexOf(ONE_OF_MANY)
  return at < 0 ? address : address.slice(0, address.lastIndexOf('/', at))
}

/** What all those made of one template have in common: `shop/sessions/session@7/db` is `shop/sessions/session@/db`. */
export function templateAddress(address: string): string {
  return address.includes(ONE_OF_MANY) ? address.replace(/@\d+/g, ONE_OF_MANY) : address
}
