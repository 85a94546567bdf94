// The lives of one service, latest first: when each began, how it ended, the chain of causes, and what its supervisor did.
import { formatMs } from '../../base/duration.js'
import type { Picture } from '../../observe/picture/picture.js'
import { type Life, livesOf } from '../../observe/picture/restart-history.js'
import { html } from './elements-dom.js'
import { clockTime } from './times.js'
import type { Moment } from './view.js'

const SHOWN_AT_MOST = 20

/** A list of lives. */
export class LivesView {
  readonly element = html('div', { class: 'lives' })
  #key = ''

  update({ facts, picture }: Moment, address: string): void {
    const about = facts.about(address, picture.seq)
    const key = `${picture.state.daemon.run} ${address} ${about.at(-1)?.seq} ${about.length}`
    if (key === this.#key) return
    this.#key = key
    const lives = livesOf(facts, address, picture.seq)
    const rows = lives.slice(0, SHOWN_AT_MOST).map((life) => lifeRow(life, picture))
    this.element.replaceChildren(
      lives.length === 0 ? html('p', { class: 'none' }, 'no start and no end is recorded of it') : html('ol', {}, ...rows),
    )
    if (lives.length > SHOWN_AT_MOST) this.element.append(html('p', { class: 'none' }, `and ${lives.length - SHOWN_AT_MOST} before them`))
  }
}

function lifeRow(life: Life, picture: Picture): HTMLElement {
  const { incarnation, startingAt, endedAt, causes, restart, waitMs } = life
  const head = html('p', { class: 'life-head' }, html('b', {}, `#${incarnation}`), html('span', { class: 'life-end' }, endWords(life)))
  const row = html('li', { class: `life tone-${toneOf(life)}` }, head)
  const time = (at: number | undefined): string => (at === undefined ? 'before the recording' : clockTime(picture.wallAt(at)))
  const lasted = startingAt !== undefined && endedAt !== undefined ? `, lived ${formatMs(endedAt - startingAt)}` : ''
  row.append(html('p', { class: 'life-time' }, `${time(startingAt)}${endedAt === undefined ? '' : ` to ${time(endedAt)}`}${lasted}`))
  if (causes.length > 0) row.append(html('ol', { class: 'causes' }, ...causes.map((cause) => html('li', {}, cause))))
  if (life.held !== undefined) row.append(html('p', { class: 'life-after' }, heldWords(life.held)))
  const after: string[] = []
  if (restart !== undefined) {
    const within = formatMs(restart.withinMs ?? Number.POSITIVE_INFINITY)
    after.push(`restart ${restart.count} of at most ${restart.max} within ${within}`)
  }
  if (waitMs !== undefined) after.push(`after ${formatMs(waitMs)} of back-off`)
  if (after.length > 0) row.append(html('p', { class: 'life-after' }, after.join(', ')))
  return row
}

function heldWords({ permits, hooks, releases }: NonNullable<Life['held']>): string {
  const parts = [
    ...(permits > 0 ? [`${permits} in flight`] : []),
    ...hooks.map((hook) => `its ${hook} hook`),
    ...(releases > 0 ? [`${releases} releases that had not begun`] : []),
  ]
  return `still held: ${parts.join(', ') || 'nothing'}`
}

function endWords({ endedAt, exit, verdict, startedAt, startingAt }: Life): string {
  if (endedAt === undefined) return startedAt === undefined ? 'starting' : `ready after ${formatMs(startedAt - (startingAt ?? startedAt))}`
  const left =
    verdict === 'abandoned' ? ', given up: a hook still runs' : verdict === 'failed' && exit !== 'crash' ? ', with errors on the way' : ''
  switch (exit) {
    case 'crash':
      return `crashed${left}`
    case 'start-failed':
      return 'did not start'
    case 'killed':
      return `ended by force${left}`
    case 'normal':
      return `ended by itself${left}`
    default:
      return `stopped as asked${left}`
  }
}

function toneOf({ endedAt, exit, verdict }: Life): string {
  if (endedAt === undefined) return 'good'
  return exit === 'crash' || exit === 'start-failed' || exit === 'killed' || verdict !== 'acked' ? 'bad' : 'quiet'
}
