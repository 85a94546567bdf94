// All laws that concern a tree, in the order of their numbers. L13 is about trees that cannot be built; it has a property of its own.
import type { Law } from './law.js'
import { oneLeaderAfterTheOther, termsEndEmpty } from './laws/leadership.js'
import {
  crashesInADrainAreNoted,
  manyRequestsAreOne,
  nothingStartsAfterAStop,
  oneAfterTheOther,
  oneRequestOneEnding,
} from './laws/lifetimes.js'
import { dependentsStopFirst, usedOnesAreReady } from './laws/order.js'
import { nothingWaitsInVain } from './laws/progress.js'
import { foreignAbortsAreFailures, nothingIsLeft, theReportIsTrue, theWayIsTrue } from './laws/report.js'
import { allIsClosed, nothingIsUsedOnceClosed, resourcesCloseInOrder } from './laws/resources.js'
import { backoffsKeepTheirBounds, causesReachTheRoot, intensityCounts, onlyThoseAreRestarted } from './laws/restarts.js'
import { deadlinesLieWithin, reservesAreKept, withinTheBudget } from './laws/time.js'

// Nothing that a service does can make a tree break these.
const OURS = 'This is a promise of quiesce, whatever your services do: please report it, with all of this.'

/** The laws of a running tree. */
export const LAWS: readonly Law[] = [
  dependentsStopFirst,
  usedOnesAreReady,
  oneRequestOneEnding,
  oneAfterTheOther,
  withinTheBudget,
  deadlinesLieWithin,
  reservesAreKept,
  theReportIsTrue,
  theWayIsTrue,
  nothingStartsAfterAStop,
  crashesInADrainAreNoted,
  manyRequestsAreOne,
  intensityCounts,
  onlyThoseAreRestarted,
  causesReachTheRoot,
  backoffsKeepTheirBounds,
  nothingWaitsInVain,
  foreignAbortsAreFailures,
  nothingIsLeft,
  allIsClosed,
  resourcesCloseInOrder,
  nothingIsUsedOnceClosed,
  oneLeaderAfterTheOther,
  termsEndEmpty,
].map((law) => ({ advice: OURS, ...law }))
