// OTP's one_for_one: only the crashed child is started again, in its old place.
import type { Strategy } from './strategy.js'

export const oneForOne: Strategy = {
  range: (_slots, crashed) => [crashed],
  retryRange: (_slots, failed) => [failed],
  restartsUser: () => false,
  isGroup: false,
}
