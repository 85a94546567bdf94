// What can be asked of a service by hand, where the daemon allows it. Each says first what it will do, and asks; what came of it is shown.
import type { PictureNode } from '../../observe/picture/picture-node.js'
import { confirmed } from './confirm.js'
import { html, write } from './elements-dom.js'
import { urlOf } from './link.js'
import type { Moment } from './view.js'

type Verb = 'restart' | 'drain' | 'kill' | 'step-down'

interface Control {
  readonly verb: Verb
  readonly label: string
  /** Whether it can be asked of such a service at all. */
  readonly fits: (node: PictureNode) => boolean
  /** Whether it can be asked of it now. */
  readonly isPossible: (node: PictureNode) => boolean
  readonly says: (node: PictureNode) => string
}

const runs = ({ status }: PictureNode): boolean => status === 'ready' || status === 'starting'
const below = ({ parent }: PictureNode): boolean => parent !== undefined

const CONTROLS: readonly Control[] = [
  {
    verb: 'restart',
    label: 'Restart',
    fits: below,
    isPossible: ({ status }) => status !== 'draining' && status !== 'starting',
    says: ({ address, status, kind }) =>
      status === 'stopped'
        ? `${address} is started again.`
        : `${address} stops in order${kind === 'supervisor' ? ', with all its children' : ', after its accepted work is finished'}, and is started again. Who uses it may be restarted with it.`,
  },
  {
    verb: 'drain',
    label: 'Drain',
    fits: () => true,
    isPossible: runs,
    says: ({ address, parent }) =>
      parent === undefined
        ? 'All edges take no new work, finish what they have accepted, and stop. The process stays, and serves nobody until they are restarted.'
        : `${address} takes no new work, finishes what it has accepted, and stops. It stays down until it is restarted.`,
  },
  {
    verb: 'step-down',
    label: 'Step down',
    fits: ({ leader }) => leader !== undefined,
    isPossible: ({ leader }) => leader?.leading === true,
    says: ({ address, leader }) =>
      `${address} gives back its lease of term ${leader?.term} when its work is finished; another candidate may lead then.`,
  },
  {
    verb: 'kill',
    label: 'Kill',
    fits: below,
    isPossible: ({ status }) => status !== 'stopped' && status !== 'backing-off',
    says: ({ address, kind, inFlight }) =>
      `${address}${kind === 'supervisor' ? ' and everybody below it are' : ' is'} ended by force, at once: nothing is drained${inFlight > 0 ? `, ${inFlight} in flight are lost` : ''}. Its supervisor decides what follows.`,
  },
]

/** The buttons, and what came of the last one. */
export class ControlBar {
  readonly element = html('div', { class: 'controls', hidden: '' })
  readonly #buttons = new Map<Verb, HTMLButtonElement>()
  readonly #outcome = html('p', { class: 'outcome', role: 'status' })
  #node: PictureNode | undefined

  constructor() {
    for (const control of CONTROLS) {
      const button = html('button', { class: control.verb === 'kill' ? 'button is-dangerous' : 'button', type: 'button' }, control.label)
      button.addEventListener('click', () => void this.#ask(control))
      this.#buttons.set(control.verb, button)
    }
    this.element.append(html('div', { class: 'control-buttons' }, ...this.#buttons.values()), this.#outcome)
  }

  update(node: PictureNode | undefined, { picture, isTold }: Moment): void {
    if (this.#node?.address !== node?.address) write(this.#outcome, '')
    this.#node = node
    this.element.hidden = !(picture.state.controls && isTold && node !== undefined)
    if (node === undefined) return
    for (const { verb, fits, isPossible } of CONTROLS) {
      const button = this.#buttons.get(verb)
      if (button === undefined) continue
      button.hidden = !fits(node)
      button.disabled = !isPossible(node)
    }
  }

  async #ask({ verb, label, says }: Control): Promise<void> {
    const node = this.#node
    if (node === undefined) return
    const typed = verb === 'kill' && node.kind === 'supervisor' ? node.id : undefined
    const isSure = await confirmed({
      title: `${label} ${node.address}?`,
      text: says(node),
      yes: label,
      isDangerous: verb === 'kill',
      typed,
    })
    if (!isSure) return
    this.#tell('busy', `${label}: asked for, waiting for the outcome …`)
    const { outcome, error } = await request(verb, node.address)
    this.#tell(error === undefined ? 'good' : 'bad', error ?? outcome ?? 'done')
  }

  #tell(tone: string, text: string): void {
    this.#outcome.className = `outcome tone-${tone}`
    write(this.#outcome, text)
  }
}

async function request(verb: Verb, address: string): Promise<{ readonly outcome?: string; readonly error?: string }> {
  try {
    const answer = await fetch(urlOf('control', { verb, address }), { method: 'POST' })
    const said = (await answer.json()) as { readonly outcome?: string; readonly error?: string }
    return answer.ok ? said : { error: said.error ?? `the daemon answers ${answer.status}` }
  } catch {
    return { error: 'no answer: the daemon may have ended, or the line to it is broken' }
  }
}
