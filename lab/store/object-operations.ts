import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { checksumHeader } from '@/lab/store/checksum'
import type { ObjectDescription } from '@/lab/store/object-file'
import type { Objects } from '@/lab/store/objects'
import { conditionOf, type Operation, sendEmpty } from '@/lab/store/operation'
import { headerOf, metadataOf, rangeOf, type S3Call } from '@/lab/store/requests'
import { preconditionFailed, S3Error } from '@/lab/store/s3-error'
import { readUpload } from '@/lab/store/upload-body'

function describe(object: ObjectDescription): Record<string, string> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
  return {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.lastModified).toUTCString(),
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    ...Object.fromEntries(metadata),
  }
}

export const putObject: Operation = async ({ objects }, call, response) => {
  if (headerOf(call.request, 'x-amz-copy-source') !== undefined)
    throw new S3Error('NotImplemented', 501, 'No copying here.')
  if (conditionOf(call).ifNoneMatch === '*' && exists(objects, call)) throw preconditionFailed()
  const upload = await objects.startUpload()
  try {
    const digest = await readUpload(call.request, (part) => upload.write(part))
    const object: ObjectDescription = {
      key: call.key,
      ...digest,
      lastModified: new Date().toISOString(),
      contentType: headerOf(call.request, 'content-type') ?? 'binary/octet-stream',
      metadata: metadataOf(call.request),
    }
    await objects.commit(call.bucket, upload, object, conditionOf(call))
    const echo = digest.checksum && { [checksumHeader(digest.checksum.algorithm)]: digest.checksum.value }
    sendEmpty(response, 200, { etag: `"${digest.etag}"`, ...echo })
  } catch (error) {
    await upload.discard()
    throw error
  }
}

/** Known before the body is read, so that a refused upload is refused early. */
function exists(objects: Objects, call: S3Call): boolean {
  return objects.keys(call.bucket, call.key).some((object) => object.key === call.key)
}

export const getObject: Operation = async ({ objects }, call, response) => {
  const object = objects.find(call.bucket, call.key)
  const { ifMatch, ifNoneMatch } = conditionOf(call)
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch.replaceAll('"', '') !== object.etag)
    throw preconditionFailed()
  if (ifNoneMatch !== undefined && (ifNoneMatch === '*' || ifNoneMatch.replaceAll('"', '') === object.etag)) {
    response.writeHead(304, { etag: `"${object.etag}"` }).end()
    return
  }
  const range = rangeOf(headerOf(call.request, 'range'), object.size)
  if (range === 'unsatisfiable') throw new S3Error('InvalidRange', 416, 'The requested range is not satisfiable')
  const start = range?.start ?? 0
  const end = range?.end ?? object.size - 1
  const wantsChecksum = range === null && headerOf(call.request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
  response.writeHead(range ? 206 : 200, {
    ...describe(object),
    'content-length': end - start + 1,
    ...(range && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
    ...(wantsChecksum && object.checksum && { [checksumHeader(object.checksum.algorithm)]: object.checksum.value }),
    ...(wantsChecksum && object.checksum && { 'x-amz-checksum-type': 'FULL_OBJECT' }),
  })
  if (call.method === 'HEAD' || object.size === 0) response.end()
  else await pipeline(createReadStream(objects.filePath(call.bucket, call.key), { start, end }), response)
}

export const deleteObject: Operation = async ({ objects }, call, response) => {
  await objects.delete(call.bucket, call.key)
  sendEmpty(response, 204)
}
