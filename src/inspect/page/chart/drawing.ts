// A chart with a place for everything in it: data, made by a layout and turned into SVG elsewhere. All in pixels from the top left.

/** A point. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A rectangle. */
export interface Area extends Point {
  readonly width: number
  readonly height: number
}

/** How a piece of text is set. */
export type Style = 'key' | 'line' | 'label'

/** How wide a text is. */
export type Measure = (text: string, style: Style) => number

/** A line of text inside a state. */
export interface TextLine {
  readonly text: string
  readonly style: 'key' | 'line'
}

/** A state at its place. */
export interface DrawnState extends Area {
  readonly id: string
  /** Where its text is: all of an atomic state, the heading of one with children. */
  readonly heading: Area
  readonly lines: readonly TextLine[]
  /** A part of a parallel state: it has no frame of its own where dividers separate it from its neighbours. */
  readonly isRegion: boolean
}

/** One line of a label: one transition of the chart. */
export interface LabelLine {
  /** The number of the transition in the chart. */
  readonly edge: number
  readonly text: string
}

/** An arrow, for all transitions that lead from one state to one other. */
export interface DrawnArrow {
  readonly from: string
  readonly to: string
  /** From the border of the one to that of the other, with right angles only. */
  readonly path: readonly Point[]
  readonly label: Area
  readonly lines: readonly LabelLine[]
}

/** A straight line. */
export interface Line {
  readonly from: Point
  readonly to: Point
}

/** A chart with a place for everything in it. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** Parents before children. */
  readonly states: readonly DrawnState[]
  readonly arrows: readonly DrawnArrow[]
  /** From a dot to the state in which the one around it begins. */
  readonly beginnings: readonly Line[]
  /** Between the parts of parallel states. */
  readonly dividers: readonly Line[]
}
