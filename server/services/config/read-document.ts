import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { type ConfigIssue, configIssues, unknownKeys } from '@/server/domain/config-checks'
import { type LifeboatConfig, lifeboatConfig } from '@/server/domain/service-config'
import { ServiceError } from '../errors'

/** Far more than any configuration, far less than a memory. */
const maxCharacters = 512 * 1024

/**
 * Reads `lifeboat.yaml` whole: every error is told, each with its line and its reason.
 * @throws ServiceError invalid, too-large
 */
export function readConfigDocument(text: string): LifeboatConfig {
  if (text.length > maxCharacters) {
    throw new ServiceError(
      'too-large',
      `The document has ${text.length} characters; ${maxCharacters} are the most.`,
      'Nothing was applied.',
      'Split it into one document a service.',
    )
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map((error) => ({ line: error.linePos?.[0].line ?? 1, message: oneLine(error.message) })),
    )
  }
  const written = unfold(document)
  const parsed = lifeboatConfig.safeParse(written)
  const issues: ConfigIssue[] = parsed.success
    ? [...unknownKeys(written, parsed.data), ...configIssues(parsed.data)]
    : parsed.error.issues.map((issue) => ({
        path: issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
        message: issue.message,
      }))
  if (parsed.success && issues.length === 0) return parsed.data
  throw invalid(
    issues.map(({ path, message }) => ({
      line: lineOf(document, lines, path),
      message: `${pathText(path)} ${message}`,
    })),
  )
}

/** Aliases are bounded, so that a small document cannot unfold into a huge one. */
function unfold(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw invalid([{ line: 1, message: error instanceof Error ? oneLine(error.message) : 'it cannot be unfolded' }])
  }
}

function invalid(errors: { line: number; message: string }[]): ServiceError {
  return new ServiceError(
    'invalid',
    errors.length === 1
      ? `The configuration has an error in line ${errors[0]?.line}.`
      : `The configuration has ${errors.length} errors.`,
    'Nothing was applied.',
    'Correct what is listed and apply it again.',
    errors.sort((a, b) => a.line - b.line).map(({ line, message }) => ({ path: `line ${line}`, message })),
  )
}

/** The line of a value; of what it should have been in, where it is missing. */
function lineOf(document: Document, lines: LineCounter, path: (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const found = document.getIn(path.slice(0, length), true)
    if (isNode(found) && found.range) return lines.linePos(found.range[0]).line
  }
  return 1
}

function pathText(path: (string | number)[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
}

function oneLine(message: string): string {
  return message.split('\n')[0] ?? message
}
