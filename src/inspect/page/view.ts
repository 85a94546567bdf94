// What every view of the page is: an element, and a method that makes it show one moment. Views keep no model of their own.
import type { FactList } from '../../observe/picture/fact-list.js'
import type { Picture } from '../../observe/picture/picture.js'

/** One moment of a recording: now, or one that is looked back at. */
export interface Moment {
  /** It changes as facts come: read it in `update`, keep nothing of it but its nodes, which are replaced and never changed. */
  readonly picture: Picture
  /** All that is recorded. What has a number above `picture.seq` has not happened yet at this moment. */
  readonly facts: FactList
  /** The time, on the clock of the facts: it goes on between facts while the page is live. */
  readonly now: number
  readonly isLive: boolean
  /** Whether the daemon tells of it at this very moment, and could be asked for something. */
  readonly isTold: boolean
}

/** A part of the page. */
export interface View {
  readonly element: HTMLElement
  /** Shows a moment; called once a frame at most, and only while the element can be seen. */
  update(moment: Moment, selection: string | undefined): void
}

const SELECT = 'quiesce-select'

/** A view asks for a service to be selected: the page hears it wherever the element is. */
export function askToSelect(element: Element, address: string): void {
  element.dispatchEvent(new CustomEvent(SELECT, { detail: address, bubbles: true }))
}

/** Hears what views ask for. */
export function onSelect(element: Element, fn: (address: string) => void): void {
  element.addEventListener(SELECT, (event) => fn((event as CustomEvent<string>).detail))
}
