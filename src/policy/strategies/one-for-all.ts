// OTP's one_for_all: all children are stopped, last first, and all are started, first to last; a retry begins at the first.
import type { Strategy } from './strategy.js'

export const oneForAll: Strategy = {
  range: (slots) => slots.list(),
  retryRange: (slots) => slots.list(),
  restartsUser: () => true,
  isGroup: true,
}
