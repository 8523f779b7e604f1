/** The little XML that the AWS protocols need: elements, attributes on output, text. */
export type XmlElement = { name: string; children: XmlElement[]; text: string }

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescapeText(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, code: string) => {
    if (code.startsWith('#x')) return String.fromCodePoint(Number.parseInt(code.slice(2), 16))
    if (code.startsWith('#')) return String.fromCodePoint(Number.parseInt(code.slice(1), 10))
    return entities[code] ?? whole
  })
}

/** Parses a document; null when it is not well-formed. Attributes are dropped; there are no document types. */
export function parseXml(text: string): XmlElement | null {
  const root: XmlElement = { name: '', children: [], text: '' }
  const stack = [root]
  const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)([^>]*?)(\/?)>|([^<]+)/y
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    const top = stack.at(-1)
    if (!match || !top) return null
    const [, closing, name, , empty, content] = match
    if (content !== undefined) top.text += unescapeText(content)
    if (name === undefined) continue
    if (closing === '/') {
      if (stack.length < 2 || stack.pop()?.name !== name) return null
      continue
    }
    const element: XmlElement = { name, children: [], text: '' }
    top.children.push(element)
    if (empty !== '/') stack.push(element)
  }
  return stack.length === 1 && root.children.length === 1 ? (root.children[0] ?? null) : null
}

export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name)
}

export function children(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? []
}

export function childText(element: XmlElement | undefined, name: string): string | undefined {
  return child(element, name)?.text
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

export type XmlContent = string | number | boolean | null | undefined | Xml | XmlContent[]
/** Markup that is already escaped. */
export class Xml {
  constructor(readonly markup: string) {}
}

function render(content: XmlContent): string {
  if (content === null || content === undefined) return ''
  if (content instanceof Xml) return content.markup
  if (Array.isArray(content)) return content.map(render).join('')
  return escapeXml(String(content))
}

/** `<name>content</name>`; an element whose content is undefined is left out. */
export function tag(name: string, content: XmlContent): Xml {
  return new Xml(content === undefined ? '' : `<${name}>${render(content)}</${name}>`)
}

export function xmlDocument(name: string, namespace: string | null, content: XmlContent): string {
  const attribute = namespace === null ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${render(content)}</${name}>`
}
