// How somebody wants to look at a daemon: in which order, from which line on, how much. Pure: keys in, the next look out.
import type { Key } from './keys.js'

/** The order of the services. */
export type Order = 'tree' | 'in-flight' | 'restarts' | 'state'

/** What is shown of what there is. */
export interface Look {
  readonly order: Order
  /** Whether every child of every supervisor is shown. */
  readonly all: boolean
  /** The first line that is shown. */
  readonly from: number
}

/** How it begins. */
export const FIRST_LOOK: Look = { order: 'tree', all: false, from: 0 }

/** The look after a key. `page`: how many lines there is room for; `count`: how many there are. */
export function lookAfter(look: Look, key: Key, { page, count }: { readonly page: number; readonly count: number }): Look {
  const last = Math.max(0, count - page)
  const to = (from: number): Look => ({ ...look, from: Math.max(0, Math.min(last, from)) })
  switch (key) {
    case 'up':
      return to(look.from - 1)
    case 'down':
      return to(look.from + 1)
    case 'page-up':
      return to(look.from - page)
    case 'page-down':
      return to(look.from + page)
    case 'first':
      return to(0)
    case 'last':
      return to(last)
    case 'all':
      return { ...look, all: !look.all, from: 0 }
    case 'tree':
    case 'in-flight':
    case 'restarts':
    case 'state':
      return { ...look, order: key, from: 0 }
    default:
      return look
  }
}
