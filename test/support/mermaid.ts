// Mermaid's own reading of a diagram. It cleans labels with the document of a browser, so it is given one.
import { JSDOM } from 'jsdom'

/** A box or a mark of a diagram. */
export interface ReadNode {
  readonly id: string
  /** Its text, and what else is said in it. */
  readonly lines: readonly string[]
  /** The id of the box around it. */
  readonly parent: string | undefined
  readonly shape: string
}

/** An arrow. */
export interface ReadEdge {
  readonly from: string
  readonly to: string
  readonly lines: readonly string[]
  readonly pattern: string | undefined
}

/** A diagram as Mermaid draws it. */
export interface Read {
  readonly nodes: readonly ReadNode[]
  readonly edges: readonly ReadEdge[]
}

interface Data {
  readonly nodes: readonly {
    readonly id: string
    readonly label?: unknown
    readonly description?: unknown
    readonly parentId?: string
    readonly shape: string
  }[]
  readonly edges: readonly { readonly start: string; readonly end: string; readonly label?: string; readonly pattern?: string }[]
}

const mermaid = await loaded()

async function loaded(): Promise<typeof import('mermaid')['default']> {
  const { window } = new JSDOM()
  const globals = globalThis as { window?: unknown; document?: unknown }
  const before = { window: globals.window, document: globals.document }
  Object.assign(globals, { window, document: window.document })
  const { default: found } = await import('mermaid')
  // Whatever it needs it has taken by then; others shall not believe that they are in a browser.
  await found.parse('flowchart TD\n  a["x"]')
  await found.parse('stateDiagram-v2\n  a')
  Object.assign(globals, before)
  return found
}

/** @throws Mermaid's error about a text that it does not understand. */
export async function readMermaid(text: string): Promise<Read> {
  const diagram = await mermaid.mermaidAPI.getDiagramFromText(text)
  const { nodes, edges } = (diagram.db as unknown as { getData(): Data }).getData()
  const linesOf = (label: unknown): string[] => [label ?? ''].flat().flatMap((part) => decoded(String(part)).split(/<br\s*\/?>/))
  return {
    nodes: nodes.map(({ id, label, description, parentId, shape }) => ({
      id,
      lines: [...linesOf(label), ...(description === undefined || description === '' ? [] : linesOf(description))],
      parent: parentId,
      shape,
    })),
    edges: edges.map(({ start, end, label, pattern }) => ({ from: start, to: end, lines: linesOf(label), pattern })),
  }
}

// `#35;`, which is not HTML, is kept by Mermaid in letters that nobody uses until it draws.
function decoded(text: string): string {
  return text.replace(/ﬂ°°(\d+)¶ß/g, (_, code: string) => String.fromCodePoint(Number(code)))
}
