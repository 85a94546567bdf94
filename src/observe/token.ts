// A secret that a request has to carry.
import { createHash, timingSafeEqual } from 'node:crypto'

/** The header that carries it. */
export const TOKEN_HEADER = 'x-quiesce-token'

/** Says whether what was given is the token. How long that takes says nothing of it, not even how long it is: digests have one length. */
export function tokenCheck(token: string): (given: Buffer | string) => boolean {
  const expected = digest(token)
  return (given) => timingSafeEqual(digest(given), expected)
}

function digest(secret: Buffer | string): Buffer {
  return createHash('sha256').update(secret).digest()
}
