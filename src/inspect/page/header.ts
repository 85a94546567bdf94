// The head of the page: which daemon, how far it is, since when; the line to it; and, during a stop, the answer to the one question
// that everybody has then: why is it not done yet.
import { formatMs } from '../../base/duration.js'
import type { Picture } from '../../observe/picture/picture.js'
import { unfinished } from '../../observe/picture/unfinished.js'
import type { StopView } from '../../observe/watch/frames.js'
import { dress, html, write } from './elements-dom.js'
import { icon, lookOfPhase, reshape } from './looks.js'
import { stretch, tenths } from './times.js'
import { askToSelect, type Moment, type View } from './view.js'

const NAMED_AT_MOST = 4
/** Less than is shown of a time. */
const LEAST_WORTH_TELLING_MS = 100

/** Name, phase, process, uptime. */
export class HeaderView implements View {
  readonly element = html('div', { class: 'daemon' })
  readonly #name = html('h1', { class: 'daemon-name' }, 'quiesce')
  readonly #phaseIcon = icon('starting')
  readonly #phaseWord = html('span')
  readonly #phase = html('span', { class: 'pill' }, this.#phaseIcon, this.#phaseWord)
  readonly #facts = html('p', { class: 'daemon-facts' })

  constructor() {
    this.element.append(this.#name, this.#phase, this.#facts)
  }

  update({ picture, now }: Moment): void {
    const { daemon } = picture.state
    const look = lookOfPhase(picture.phase)
    write(this.#name, daemon.id)
    reshape(this.#phaseIcon, look.icon)
    write(this.#phaseWord, look.word)
    this.#phase.className = `pill tone-${look.tone}`
    const version = daemon.version === undefined ? [] : [`v${daemon.version}`]
    // The clock of the facts began with the process.
    const words = [...version, `pid ${daemon.pid}`, daemon.host, `Node ${daemon.node.replace(/^v/, '')}`, `up ${stretch(now)}`]
    write(this.#facts, words.join(' · '))
    document.title = `${daemon.id}: ${look.word}`
  }
}

/** A stop under way, or over. */
export class StopBanner implements View {
  readonly element = html('section', { class: 'stop', 'aria-label': 'Shutdown', hidden: '' })
  readonly #title = html('p', { class: 'stop-title' })
  readonly #left = html('p', { class: 'stop-left' })
  readonly #fill = html('span', { class: 'budget-fill' })
  readonly #budget = html('div', { class: 'budget', role: 'progressbar', 'aria-label': 'Time used of the budget' }, this.#fill)
  readonly #waits = html('ul', { class: 'stop-waits' })

  constructor() {
    this.element.append(html('div', { class: 'stop-head' }, this.#title, this.#left), this.#budget, this.#waits)
  }

  update({ picture, now }: Moment): void {
    const { stop } = picture
    this.element.hidden = stop === undefined
    if (stop === undefined) return
    const isOver = stop.endedAt !== undefined
    this.element.classList.toggle('is-over', isOver)
    // As the report has it: what is told after the end takes time as well.
    const tookMs = stop.summary?.tookMs ?? (stop.endedAt ?? Math.max(now, stop.startedAt)) - stop.startedAt
    write(this.#title, isOver ? `Stopped in ${formatMs(tookMs)}: ${endWords(stop)}` : `Stopping for ${tenths(tookMs)}${phaseWords(stop)}`)
    this.#showBudget(stop, tookMs, isOver)
    if (isOver) this.#waits.replaceChildren()
    else this.#showWaits(picture, now)
  }

  #showBudget({ budgetMs, reason }: StopView, tookMs: number, isOver: boolean): void {
    const share = budgetMs === null || budgetMs === 0 ? 0 : Math.min(1, tookMs / budgetMs)
    const left = budgetMs === null ? 'no limit' : `${tenths(budgetMs - tookMs)} left of ${formatMs(budgetMs)}`
    write(this.#left, isOver ? `asked by ${reason}` : `${left} · asked by ${reason}`)
    this.#fill.style.transform = `scaleX(${share})`
    this.#budget.hidden = budgetMs === null
    this.#budget.classList.toggle('is-late', share > 0.8)
    dress(this.#budget, { 'aria-valuenow': Math.round(share * 100), 'aria-valuemin': 0, 'aria-valuemax': 100 })
  }

  #showWaits(picture: Picture, now: number): void {
    const all = unfinished(picture)
    const shown = all.filter(({ isActive }) => isActive).slice(0, NAMED_AT_MOST)
    const rows = (shown.length > 0 ? shown : all.slice(0, 1)).map(({ node, why, isActive }) => {
      // One that has not been asked yet is ready since then.
      const sinceMs = node.since === undefined || !isActive ? 0 : now - node.since
      const since = sinceMs < LEAST_WORTH_TELLING_MS ? '' : ` for ${tenths(sinceMs)}`
      const limit = node.deadlineAt === undefined ? '' : `, ${tenths(node.deadlineAt - now)} left`
      return { address: node.address, words: `${why}${since}${limit}` }
    })
    const rest = all.length - rows.length
    this.#fit(rows.length + (rest > 0 ? 1 : 0))
    rows.forEach(({ address, words }, index) => {
      const [name, text] = (this.#waits.children[index] as HTMLElement).children as unknown as [HTMLElement, HTMLElement]
      write(name, address)
      name.hidden = false
      write(text, words)
    })
    const last = this.#waits.children[rows.length]
    if (last === undefined) return
    ;(last.children[0] as HTMLElement).hidden = true
    write(last.children[1] as HTMLElement, `and ${rest} more ${rest === 1 ? 'has' : 'have'} not ended`)
  }

  #fit(count: number): void {
    while (this.#waits.children.length > count) this.#waits.lastElementChild?.remove()
    while (this.#waits.children.length < count) {
      const name = html('button', { class: 'link address', type: 'button' })
      name.addEventListener('click', () => askToSelect(this.element, name.textContent ?? ''))
      this.#waits.append(html('li', {}, name, html('span')))
    }
  }
}

function phaseWords({ phases }: StopView): string {
  const current = phases.findLast(({ tookMs }) => tookMs === undefined)
  return current === undefined ? '' : ` · ${PHASES[current.phase] ?? current.phase}`
}

const PHASES: Readonly<Record<string, string>> = {
  'lame-duck': 'lame duck: clients are sent elsewhere',
  edges: 'the edges finish accepted work',
  tree: 'the tree stops',
  scrape: 'waiting for a last scrape',
  spans: 'spans are handed on',
  logs: 'the log is flushed',
}

function endWords({ summary }: StopView): string {
  if (summary === undefined) return 'all has ended'
  if (summary.clean) return 'clean, all accepted work finished'
  return summary.forceCancelled > 0 ? `${summary.forceCancelled} in flight were cut off` : 'not clean, see the report'
}
