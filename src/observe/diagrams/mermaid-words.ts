// How names of any spelling are written in Mermaid: ids that it takes for ids, and text that it takes for nothing else.

// Words of the language, and those with which it names things itself.
const TAKEN = new RegExp(
  `^(${[
    'state|note|end|class|classDef|style|linkStyle|interpolate|click|call|href|default|direction|scale|hide|as|left|right|of|root',
    'fork|join|choice|acc\\w*|graph|subgraph|flowchart',
  ].join('|')})$|_(start|end)$`,
  'i',
)
const PLAIN = /^[a-z]\w*$/i

/** Gives each thing an id: its own name where that is possible. */
export class MermaidIds {
  readonly #ids = new Map<string, string>()
  readonly #used = new Set<string>()

  /** Gives a thing an id; `name` is what it should be if nobody has it. */
  give(thing: string, name: string): string {
    const id = this.#firstFree(PLAIN.test(name) && !TAKEN.test(name) ? name : 's')
    this.#ids.set(thing, id)
    this.#used.add(id)
    return id
  }

  /** The id of a thing that has been given one. */
  of(thing: string): string {
    return this.#ids.get(thing) ?? ''
  }

  #firstFree(name: string): string {
    if (name !== 's' && !this.#used.has(name)) return name
    let number = name === 's' ? 1 : 2
    while (this.#used.has(`${name}${number}`)) number += 1
    return `${name}${number}`
  }
}

// Everything else could be the end of a label, a comment, HTML or Markdown; an underscore within a word is neither.
const UNSAFE = /[^\p{L}\p{N} .,_…-]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|^-|(?<=^\d+)\./gu

/** Text as part of a label. */
export function mermaidText(text: string): string {
  return text.trim() === '' ? '#32;' : text.replace(UNSAFE, (character) => `#${character.codePointAt(0)};`)
}
