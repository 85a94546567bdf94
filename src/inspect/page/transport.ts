// Through time: now, or any recorded moment; back and forth by steps, by hand along all facts, or played as it happened.
import { dress, html, write } from './elements-dom.js'
import { icon, reshape } from './looks.js'
import { Marks } from './marks.js'
import { Player } from './player.js'
import type { Session } from './session.js'
import { clockTime, stretch, tenths } from './times.js'

const SPEEDS = [1, 4, 16] as const

/** The foot of the page. */
export class Transport {
  readonly element = html('footer', { class: 'transport', 'aria-label': 'Time' })
  readonly #session: Session
  readonly #player: Player
  readonly #marks = new Marks()
  readonly #slider = html('input', { type: 'range', class: 'slider', min: 0, step: 1, 'aria-label': 'Moment of the recording' })
  readonly #playIcon = icon('pause')
  readonly #play = button('play', 'Pause (p)')
  readonly #live = html('button', { class: 'button live', type: 'button' }, 'Live')
  readonly #time = html('output', { class: 'transport-time' })
  readonly #note = html('span', { class: 'transport-note' })

  constructor(session: Session) {
    this.#session = session
    this.#player = new Player(session)
    this.#play.replaceChildren(this.#playIcon)
    const back = button('back', 'One fact back (,)')
    const next = button('next', 'One fact on (.)')
    const speed = html('select', { 'aria-label': 'Speed' }, ...SPEEDS.map((each) => html('option', { value: each }, `×${each}`)))
    const track = html('div', { class: 'track' }, this.#marks.element, this.#slider)
    const moment = html('div', { class: 'transport-moment' }, this.#time, this.#note)
    this.element.append(html('div', { class: 'transport-buttons' }, back, this.#play, next, speed), track, moment, this.#live)
    back.addEventListener('click', () => this.step(-1))
    next.addEventListener('click', () => this.step(1))
    this.#play.addEventListener('click', () => this.toggle())
    this.#live.addEventListener('click', () => this.live())
    this.#slider.addEventListener('input', () => {
      this.#player.stop()
      session.seek(Number(this.#slider.value))
    })
    speed.addEventListener('change', () => this.#player.run(Number(speed.value)))
  }

  /** Stops time, or lets it go on: from a moment of the past what follows is played. */
  toggle(): void {
    if (this.#session.isLive) this.#session.seek(this.#session.position)
    else if (this.#player.isPlaying) this.#player.stop()
    else this.#player.play()
    this.update()
  }

  /** Goes so many facts on, or back. */
  step(count: number): void {
    this.#player.stop()
    this.#session.seek(this.#session.position + count)
  }

  /** Goes to now. */
  live(): void {
    this.#player.stop()
    this.#session.seek(undefined)
  }

  update(): void {
    const session = this.#session
    const { moment, recording, position, isLive } = session
    this.element.hidden = moment === undefined || recording === undefined
    if (moment === undefined || recording === undefined) return
    const { facts } = recording
    dress(this.#slider, { max: facts.length })
    if (this.#slider.valueAsNumber !== position) this.#slider.value = String(position)
    const wall = moment.picture.wallAt(moment.now)
    write(this.#time, clockTime(isLive ? wall : moment.picture.wallAt(moment.picture.at)))
    dress(this.#slider, { 'aria-valuetext': `${clockTime(wall)}, fact ${position} of ${facts.length}` })
    const goesOn = isLive || this.#player.isPlaying
    reshape(this.#playIcon, goesOn ? 'pause' : 'play')
    dress(this.#play, { 'aria-label': goesOn ? 'Pause (p)' : 'Play (p)', title: goesOn ? 'Pause (p)' : 'Play (p)' })
    write(this.#live, session.isTold ? 'Live' : 'End')
    this.#live.classList.toggle('is-on', isLive)
    this.#live.classList.toggle('is-told', session.isTold)
    dress(this.#live, { 'aria-pressed': String(isLive) })
    this.element.classList.toggle('is-paused', !isLive)
    const note = this.#noteWords(facts.length - position, moment.picture.at)
    write(this.#note, note)
    dress(this.#note, { title: note })
    this.#marks.update(facts, moment.picture)
  }

  #noteWords(newer: number, at: number): string {
    const { recording, isLive } = this.#session
    const live = recording?.live
    if (live === undefined || recording === undefined) return ''
    const lost = recording.dropped + recording.forgotten
    const missing = lost > 0 ? ` · ${lost} earlier facts are gone` : ''
    if (isLive) return `${recording.facts.length} facts${missing}`
    const behind = live.at - at
    return `${behind < 60_000 ? tenths(behind) : stretch(behind)} earlier · ${newer} ${newer === 1 ? 'fact follows' : 'facts follow'}${missing}`
  }
}

function button(name: Parameters<typeof icon>[0], label: string): HTMLButtonElement {
  return html('button', { class: 'button is-icon', type: 'button', 'aria-label': label, title: label }, icon(name))
}
