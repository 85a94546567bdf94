// Makes elements: text is set as text, never as markup, so that no name out of a daemon can become an element.

type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element of HTML. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  dress(element, attributes)
  element.append(...children)
  return element
}

/** An element of SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  dress(element, attributes)
  element.append(...children)
  return element
}

/** Sets attributes; takes those away that are undefined. Nothing is touched that is so already. */
export function dress(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) element.removeAttribute(name)
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value))
  }
}

/** Sets the text of an element, if it has another. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
