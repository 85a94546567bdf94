// The package `ws`, which users install themselves: who forgot it is told what to do.
import { createRequire } from 'node:module'

/** Loads it for `user`, who is named in the error. @throws Error when it is not installed. */
export function loadWs(user: string): typeof import('ws') {
  // Not an import: a missing package would be named without a word on what to do, and awaiting it would keep CommonJS from loading us.
  try {
    return createRequire(import.meta.url)('ws') as typeof import('ws')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new Error(`${user} needs the package "ws", version 8, which is not installed here. Install it: npm install ws`, { cause: error })
  }
}
