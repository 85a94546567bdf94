// What a rule is: one question to a manifest, answered with what was found.
import type { Chosen } from '../choose.js'
import type { DaemonFacts, Finding } from '../finding.js'

/** Holds a workload and a daemon against each other. */
export type Rule = (chosen: Chosen, daemon: DaemonFacts) => Finding[]
