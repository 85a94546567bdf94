// All cases of the conformance kit, by group.
import type { ConformanceCase } from './case.js'
import { expiry } from './cases/expiry.js'
import { grants } from './cases/grants.js'
import { observing } from './cases/observing.js'
import { releases } from './cases/releases.js'
import { renewals } from './cases/renewals.js'
import { troubles } from './cases/troubles.js'
import { unknowns } from './cases/unknowns.js'
import { values } from './cases/values.js'
import { wishes } from './cases/wishes.js'

/** The cases, in the order of the table. */
export const GROUPS: Readonly<Record<string, readonly ConformanceCase[]>> = {
  grants,
  expiry,
  renewals,
  releases,
  wishes,
  observing,
  unknowns,
  values,
  troubles,
}
