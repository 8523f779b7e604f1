import type { IncomingMessage } from 'node:http'

/** One call, taken apart. */
export type S3Call = {
  request: IncomingMessage
  method: string
  bucket: string
  key: string
  query: URLSearchParams
}

export function parseCall(request: IncomingMessage): S3Call {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s)
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? []
  return {
    request,
    method: request.method ?? 'GET',
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
    query: new URLSearchParams(query),
  }
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

/** `x-amz-meta-*`, by the name behind it. */
export function metadataOf(request: IncomingMessage): Record<string, string> {
  const prefix = 'x-amz-meta-'
  return Object.fromEntries(
    Object.keys(request.headers)
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), headerOf(request, name) ?? '']),
  )
}

/** A single byte range; null when there is none or it is to be ignored, 'unsatisfiable' when it starts past the end. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return null
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (start >= size) return 'unsatisfiable'
  return end < start ? null : { start, end }
}
