// One service: how it is, what it holds, whom it uses, its statechart, its lives and why they ended, and what it did last.
import { formatMs } from '../../base/duration.js'
import { factWords, valueWords } from '../../observe/picture/fact-words.js'
import type { Picture } from '../../observe/picture/picture.js'
import type { PictureNode } from '../../observe/picture/picture-node.js'
import type { FactFrame } from '../../observe/watch/frames.js'
import { chartView } from './chart/view.js'
import type { ControlBar } from './control-bar.js'
import { html, write } from './elements-dom.js'
import { LivesView } from './lives.js'
import { icon, lookOf, reshape } from './looks.js'
import { clockTime, tenths } from './times.js'
import { askToSelect, type Moment, type View } from './view.js'

const LATEST_FACTS = 60

/** The service that is selected; the root as long as none is. */
export class DetailView implements View {
  readonly element = html('section', { class: 'detail', 'aria-label': 'Service' })
  readonly #icon = icon('ready')
  readonly #path = html('h2', { class: 'path' })
  readonly #state = html('p', { class: 'detail-state' })
  readonly #figures = html('dl', { class: 'figures' })
  readonly #relations = html('div', { class: 'relations' })
  readonly #chart = chartView()
  readonly #lives = new LivesView()
  readonly #facts = html('ol', { class: 'fact-list' })
  readonly #controls: ControlBar
  #shown: { readonly node: PictureNode; readonly structure: number } | undefined
  #factKey = ''

  constructor(controls: ControlBar) {
    this.#controls = controls
    const head = html('header', { class: 'detail-head' }, html('span', { class: 'detail-icon' }, this.#icon), this.#path, this.#state)
    this.element.append(
      head,
      controls.element,
      this.#figures,
      part('Statechart', this.#chart.element),
      part('Relations', this.#relations),
      part('Lives', this.#lives.element),
      part('Latest facts', this.#facts),
    )
  }

  update(moment: Moment, selection: string | undefined): void {
    const { picture, now } = moment
    const address = selection ?? picture.root
    const node = picture.nodes.get(address)
    this.element.classList.toggle('is-gone', node === undefined)
    if (node === undefined) this.#showGone(address)
    else this.#showNode(node, picture, now)
    this.#controls.update(node, moment)
    this.#chart.update(moment, address)
    this.#lives.update(moment, address)
    this.#showFacts(moment, address)
  }

  #showGone(address: string): void {
    this.#shown = undefined
    this.#showPath(address)
    write(this.#state, 'is not in the tree at this moment')
    reshape(this.#icon, 'unstarted')
    this.#figures.replaceChildren()
    this.#relations.replaceChildren()
  }

  #showNode(node: PictureNode, picture: Picture, now: number): void {
    const look = lookOf(node)
    const since = node.since === undefined ? '' : ` for ${tenths(now - node.since)}`
    const deadline = node.deadlineAt === undefined ? '' : `, ${tenths(node.deadlineAt - now)} left`
    const retry = node.retryAt === undefined ? '' : `, next start in ${tenths(node.retryAt - now)}`
    const given = node.predecessor === undefined ? '' : ', which was killed and still runs'
    write(this.#state, `${look.word}${given}${since}${deadline}${retry}`)
    if (this.#shown?.node === node && this.#shown.structure === picture.structure) return
    this.#shown = { node, structure: picture.structure }
    this.element.dataset['tone'] = look.tone
    reshape(this.#icon, look.icon)
    this.#showPath(node.address)
    this.#figures.replaceChildren(...figuresOf(node).map(([name, value]) => html('div', {}, html('dt', {}, name), html('dd', {}, value))))
    this.#showRelations(node, picture)
  }

  #showPath(address: string): void {
    if (this.#path.dataset['address'] === address) return
    this.#path.dataset['address'] = address
    const ids = address.split('/')
    const steps = ids
      .slice(0, -1)
      .flatMap((id, index) => [this.#link(ids.slice(0, index + 1).join('/'), id), html('span', { class: 'slash' }, '/')])
    this.#path.replaceChildren(...steps, html('span', {}, ids.at(-1) ?? ''))
  }

  #link(address: string, text = address): HTMLElement {
    const link = html('button', { class: 'link', type: 'button' }, text)
    link.addEventListener('click', () => askToSelect(this.element, address))
    return link
  }

  #showRelations({ address, uses, kind }: PictureNode, picture: Picture): void {
    const users = [...picture.nodes.values()].filter((node) => node.uses.includes(address)).map((node) => node.address)
    const lists: [string, readonly string[]][] = [
      ['Uses', uses],
      ['Used by', users],
    ]
    const rows = lists.map(([title, addresses]) => {
      const links = addresses.map((each) => html('li', {}, this.#link(each)))
      return html(
        'div',
        {},
        html('h4', {}, title),
        addresses.length === 0 ? html('p', { class: 'none' }, 'nobody') : html('ul', {}, ...links),
      )
    })
    if (kind === 'supervisor') {
      const { size } = picture.childrenOf(address)
      rows.push(html('div', {}, html('h4', {}, 'Children'), html('p', {}, String(size))))
    }
    this.#relations.replaceChildren(...rows)
  }

  #showFacts({ facts, picture }: Moment, address: string): void {
    const about = facts.about(address, picture.seq)
    const latest = about.at(-1)
    const key = `${picture.state.daemon.run} ${address} ${latest?.seq} ${about.length}`
    if (key === this.#factKey) return
    this.#factKey = key
    const rows = about.slice(-LATEST_FACTS).reverse()
    this.#facts.replaceChildren(...rows.map((frame) => factRow(frame, picture)))
    if (rows.length === 0) this.#facts.append(html('li', { class: 'none' }, 'nothing is recorded of it'))
  }
}

function part(title: string, ...content: HTMLElement[]): HTMLElement {
  return html('section', { class: 'part', 'aria-label': title }, html('h3', {}, title), ...content)
}

function factRow(frame: FactFrame, picture: Picture): HTMLElement {
  const { text, tone, causes } = factWords(frame)
  const row = html('li', { class: `fact tone-${tone}` }, html('time', {}, clockTime(picture.wallAt(frame.fact.at))))
  row.append(html('span', { class: 'fact-mark', 'aria-hidden': 'true' }), html('span', { class: 'fact-text' }, text))
  if (causes.length > 0) row.append(html('ul', { class: 'causes' }, ...causes.map((cause) => html('li', {}, cause))))
  return row
}

function figuresOf(node: PictureNode): [string, string][] {
  const { inFlight, capacity, waiting, refused, health, restarts, leader, machine } = node
  const figures: [string, string | undefined][] = [
    ['Incarnation', node.incarnation === 0 ? 'never started' : `#${node.incarnation}`],
    [
      'In flight',
      node.kind === 'supervisor' && inFlight === 0 ? undefined : `${inFlight}${capacity === undefined ? '' : ` of ${capacity}`}`,
    ],
    ['Waiting in line', waiting === undefined ? undefined : String(waiting)],
    ['Refused', refused && `${refused.atCapacity} full · ${refused.draining} draining · ${refused.notReady} not ready`],
    ['Health', health && (health.misses === 0 ? 'answers' : `${health.misses} of ${health.limit} missed`)],
    ['Restarts', restarts && restartsWords(restarts)],
    ['Leadership', leader && (leader.leading ? `leads, term ${leader.term}` : 'standby')],
    ['Machine', machine && valueWords(machine.value)],
    ['Restart', node.restart],
    ['Strategy', node.strategy],
    ['Kind', [node.edge ? 'edge' : '', node.dynamic ? 'dynamic' : '', node.kind].filter(Boolean).join(' ')],
  ]
  return figures.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

// One that never restarts anybody has none to tell.
function restartsWords({ count, max, withinMs }: NonNullable<PictureNode['restarts']>): string | undefined {
  if (count + max === 0) return undefined
  return `${count} of ${max} within ${formatMs(withinMs ?? Number.POSITIVE_INFINITY)}`
}
