// The door `quiesce/inspect`: looking at a daemon, now and later.
export { type InspectorOptions, inspector } from './inspect/inspector.js'
export { recorder } from './inspect/recorder.js'
export type { StatelyBridge } from './inspect/stately/bridge.js'
export { type StatelyOptions, stately, statelyBridge } from './inspect/stately/stately.js'
export { lifecycleChart } from './kernel/chart.js'
export { toMermaid } from './observe/diagrams/mermaid.js'
export type { DroppedFrame, FactFrame, Frame, Gauges, GaugesFrame, StateFrame, WireError, WireFact } from './observe/watch/frames.js'
export type { Chart, ChartEdge, ChartNode } from './protocol/chart.js'
