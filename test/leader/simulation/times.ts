// The times of every candidate in a simulated world, in milliseconds: the defaults.
import { leaseTimes } from '../../../src/policy/tenure/lease-times.js'

export const TIMES = leaseTimes({})
