// A YAML document that remembers where everything stood: values as JavaScript has them, aliases and merges resolved, each with its line.
import { type Document, isAlias, isCollection, isMap, isNode, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import { describe } from '../../base/errors.js'

/** A text that is no YAML. `line` says where it ceases to be. */
export class YamlError extends Error {}

/** A place in a document, whether there is anything or not. */
export class Field {
  readonly value: unknown
  readonly path: readonly (string | number)[]
  readonly #lineOf: (path: Field['path']) => number

  constructor(value: unknown, path: Field['path'], lineOf: (path: Field['path']) => number) {
    this.value = value
    this.path = path
    this.#lineOf = lineOf
  }

  get exists(): boolean {
    return this.value !== undefined && this.value !== null
  }

  /** The line of what is here; of what is not, the line of what it would belong to. */
  get line(): number {
    return this.#lineOf(this.path)
  }

  get(...keys: readonly (string | number)[]): Field {
    let value = this.value
    for (const key of keys)
      value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined
    return new Field(value, [...this.path, ...keys], this.#lineOf)
  }

  list(): Field[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.get(index)) : []
  }

  text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined
  }

  number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined
  }
}

/** Reads every document of a text. @throws YamlError */
export function readYaml(text: string): Field[] {
  const lines = new LineCounter()
  // An empty text has no documents, and says so with an object that is no array.
  const documents = [...parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false })] as Document[]
  return documents.map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new YamlError(`line ${lines.linePos(error.pos[0]).line}: ${error.message}`)
    refuseTemplates(document, lines)
    return new Field(contentOf(document), [], (path) => lineIn(document, lines, path))
  })
}

// `{{ .Values.x }}` happens to be YAML: a mapping whose key is a mapping.
function refuseTemplates(document: Document, lines: LineCounter): void {
  visit(document, {
    Pair: (_, { key }) => {
      if (isCollection(key)) throw new YamlError(`line ${lines.linePos(offsetOf(key) ?? 0).line}: a key that is a whole mapping or list`)
    },
  })
}

function contentOf(document: Document): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // An alias without an anchor, or so many of them that it is an attack.
    throw new YamlError(describe(error))
  }
}

// As far as the path leads: what came by a merge stands elsewhere.
function lineIn(document: Document, lines: LineCounter, path: Field['path']): number {
  let node: unknown = document.contents
  let offset = offsetOf(node) ?? 0
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isNode(item.key) && 'value' in item.key && item.key.value === key)
      if (pair === undefined) break
      offset = offsetOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      offset = offsetOf(node) ?? offset
    } else break
  }
  return lines.linePos(offset).line
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
