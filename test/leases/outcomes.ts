// What came of the cases, kept between a run of the tests and the table that is printed of it.
import { join } from 'node:path'
import { ROOT } from '../house/sources.js'

/** One line of the table. */
export interface Row {
  readonly group: string
  readonly title: string
  /** `yes`, `FAILED`, `not run`, or why it does not apply. */
  outcome: string
}

/** The folder with the outcomes of the last run, one file for each store. */
export const OUTCOMES = join(ROOT, '.data/leases')
