// The strategies by their names.
import type { StrategyName } from '../protocol/spec.js'
import { dependents } from './strategies/dependents.js'
import { oneForAll } from './strategies/one-for-all.js'
import { oneForOne } from './strategies/one-for-one.js'
import { restForOne } from './strategies/rest-for-one.js'
import type { Strategy } from './strategies/strategy.js'

/** Every strategy that a supervisor may name. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  dependents,
  'one-for-one': oneForOne,
  'one-for-all': oneForAll,
  'rest-for-one': restForOne,
}
