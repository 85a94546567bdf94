// OTP's rest_for_one: the crashed child and all that were started after it; a retry begins at the one that failed.
import type { Strategy } from './strategy.js'

export const restForOne: Strategy = {
  range: (slots, crashed) => slots.list(crashed),
  retryRange: (slots, failed) => slots.list(failed),
  restartsUser: (usedPosition, userPosition) => usedPosition < userPosition,
  isGroup: true,
}
