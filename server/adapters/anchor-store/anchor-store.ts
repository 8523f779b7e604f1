import type { AnchorStore } from '@/server/ports/managed'
import type { S3Objects } from '../s3-objects'

/** Audit heads in a bucket, each written once: `If-None-Match: *` makes the store itself refuse a second writer. */
export function createAnchorStore(name: string, objects: S3Objects): AnchorStore & { close(): void } {
  return {
    name,
    putOnce: (key, body) => objects.put(key, body, { ifNoneMatch: '*' }),
    get: async (key) => (await objects.get(key))?.body ?? null,
    list: (prefix) => objects.list(prefix),
    close: () => objects.close(),
  }
}
