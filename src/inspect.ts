// The door for those who look at a tree: machines as charts and diagrams.
export { lifecycleChart } from './kernel/chart.js'
export { toMermaid } from './observe/mermaid.js'
export type { Chart, ChartEdge, ChartNode } from './protocol/chart.js'
