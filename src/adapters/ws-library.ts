// The package `ws`, which users install themselves. It is asked for when this file is loaded, so that who forgot it is told at once.
import { createRequire } from 'node:module'

// Not an import: a missing package would be named without a word on what to do, and awaiting it would keep CommonJS from loading us.
function load(): typeof import('ws') {
  try {
    return createRequire(import.meta.url)('ws') as typeof import('ws')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new Error('quiesce/ws needs the package "ws", version 8, which is not installed here. Install it: npm install ws', {
      cause: error,
    })
  }
}

export const { WebSocketServer } = load()
