// The door `quiesce/inspect`: looking at a daemon, now and later.
export { type InspectorOptions, inspector } from './inspect/inspector.js'
export { recorder } from './inspect/recorder.js'
export { type StatelyOptions, stately, statelyBridge } from './inspect/stately.js'
export type { StatelyBridge } from './inspect/stately-bridge.js'
export { lifecycleChart } from './kernel/chart.js'
export type { DroppedFrame, FactFrame, Frame, Gauges, GaugesFrame, StateFrame, WireError, WireFact } from './observe/frames.js'
export { toMermaid } from './observe/mermaid.js'
export type { Chart, ChartEdge, ChartNode } from './protocol/chart.js'
