import { checksumHeader } from '@/lab/store/checksum'
import { conditionOf, type Operation, sendEmpty, sendXml, xmlBody } from '@/lab/store/operation'
import { headerOf, metadataOf } from '@/lab/store/requests'
import { readUpload } from '@/lab/store/upload-body'
import { children, childText, tag } from '@/lab/xml'

export const startMultipart: Operation = async ({ objects, multipart }, call, response) => {
  objects.keys(call.bucket, call.key)
  const contentType = headerOf(call.request, 'content-type') ?? 'binary/octet-stream'
  const id = await multipart.start({
    bucket: call.bucket,
    key: call.key,
    contentType,
    metadata: metadataOf(call.request),
  })
  sendXml(response, 'InitiateMultipartUploadResult', [
    tag('Bucket', call.bucket),
    tag('Key', call.key),
    tag('UploadId', id),
  ])
}

export const putPart: Operation = async ({ multipart }, call, response) => {
  const id = call.query.get('uploadId') ?? ''
  await multipart.need(id, call.bucket, call.key)
  const number = Number(call.query.get('partNumber'))
  const digest = await multipart.putPart(id, number, (write) => readUpload(call.request, write))
  const echo = digest.checksum && { [checksumHeader(digest.checksum.algorithm)]: digest.checksum.value }
  sendEmpty(response, 200, { etag: `"${digest.etag}"`, ...echo })
}

export const listParts: Operation = async ({ multipart }, call, response) => {
  const id = call.query.get('uploadId') ?? ''
  await multipart.need(id, call.bucket, call.key)
  sendXml(response, 'ListPartsResult', [
    tag('Bucket', call.bucket),
    tag('Key', call.key),
    tag('UploadId', id),
    tag('IsTruncated', false),
    (await multipart.parts(id)).map((part) =>
      tag('Part', [tag('PartNumber', part.number), tag('ETag', `"${part.etag}"`), tag('Size', part.size)]),
    ),
  ])
}

export const completeMultipart: Operation = async ({ multipart }, call, response) => {
  const id = call.query.get('uploadId') ?? ''
  const upload = await multipart.need(id, call.bucket, call.key)
  const parts = children(await xmlBody(call), 'Part').map((part) => ({
    number: Number(childText(part, 'PartNumber')),
    etag: childText(part, 'ETag') ?? '',
  }))
  const object = await multipart.complete(id, upload, parts, conditionOf(call))
  sendXml(response, 'CompleteMultipartUploadResult', [
    tag('Location', `/${call.bucket}/${call.key}`),
    tag('Bucket', call.bucket),
    tag('Key', call.key),
    tag('ETag', `"${object.etag}"`),
  ])
}

export const abortMultipart: Operation = async ({ multipart }, call, response) => {
  const id = call.query.get('uploadId') ?? ''
  await multipart.need(id, call.bucket, call.key)
  await multipart.abort(id)
  sendEmpty(response, 204)
}
