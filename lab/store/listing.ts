import type { ObjectDescription } from '@/lab/store/object-file'

export type ListRequest = { prefix: string; delimiter: string; maxKeys: number; after: string }
export type ListPage = { objects: ObjectDescription[]; commonPrefixes: string[]; next: string | null }

/**
 * One page of ListObjectsV2 over sorted descriptions. Keys with the delimiter behind the prefix are rolled up; a rolled-up group
 * counts as one entry and is never split over pages.
 * @returns `next`: what to pass as `after` for the following page
 */
export function listPage(sorted: ObjectDescription[], request: ListRequest): ListPage {
  const page: ListPage = { objects: [], commonPrefixes: [], next: null }
  let last = request.after
  for (const object of sorted) {
    const group = groupOf(object.key, request)
    const entry = group ?? object.key
    if (compare(entry, last) <= 0 || (group !== null && page.commonPrefixes.at(-1) === group)) continue
    if (page.objects.length + page.commonPrefixes.length >= request.maxKeys) return { ...page, next: last }
    if (group === null) page.objects.push(object)
    else page.commonPrefixes.push(group)
    last = entry
  }
  return page
}

function groupOf(key: string, request: ListRequest): string | null {
  if (request.delimiter === '') return null
  const at = key.indexOf(request.delimiter, request.prefix.length)
  return at < 0 ? null : key.slice(0, at + request.delimiter.length)
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
