// What a stop comes to, or waits for, in one sentence. Addresses stand between backquotes.
import { formatMs } from '../../../base/duration.js'
import type { Picture } from '../../../observe/picture/picture.js'
import { unfinished } from '../../../observe/picture/unfinished.js'
import { explainStop } from '../../../observe/report/explain-stop.js'
import type { StopAt } from './stop.js'

const NAMED_AT_MOST = 2

/** The sentence above the timeline. */
export function stopInWords(stop: StopAt | undefined, picture: Picture): string {
  if (stop === undefined) {
    const { graceMs, stopMs = graceMs } = picture.state.daemon
    // JSON has no infinity.
    return `Nobody has asked it to stop. A stop would have ${formatMs((stopMs as number | null) ?? Number.POSITIVE_INFINITY)}.`
  }
  const { report, isLive } = stop
  if (!isLive) return sentence(explainStop(report))
  const budget = Number.isFinite(report.budgetMs) ? ` of ${formatMs(report.budgetMs)}` : ''
  return sentence(`stopping takes ${formatMs(report.tookMs)}${budget} so far${waitsInWords(picture)}`)
}

function waitsInWords(picture: Picture): string {
  const all = unfinished(picture)
  const active = all.filter(({ isActive }) => isActive)
  const told = active.slice(0, NAMED_AT_MOST).map(({ node, why }) => {
    return why.startsWith('its ') ? `\`${node.address}\`, ${why}` : `\`${node.address}\` is ${why}`
  })
  if (told.length === 0) return all.length > 0 ? `: ${all.length} have not been asked yet` : ''
  const more = active.length - told.length
  return `: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}
