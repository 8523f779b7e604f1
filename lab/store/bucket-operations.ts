import { listPage } from '@/lab/store/listing'
import { type Operation, sendEmpty, sendXml, xmlBody } from '@/lab/store/operation'
import { S3Error } from '@/lab/store/s3-error'
import { children, childText, tag } from '@/lab/xml'

const largestPage = 1_000

export const listBuckets: Operation = ({ objects }, _call, response) =>
  sendXml(response, 'ListAllMyBucketsResult', [
    tag('Owner', [tag('ID', 'lab'), tag('DisplayName', 'lab')]),
    tag(
      'Buckets',
      objects.list().map((bucket) => tag('Bucket', [tag('Name', bucket.name), tag('CreationDate', bucket.createdAt)])),
    ),
  ])

export const createBucket: Operation = async ({ objects, region }, { bucket }, response) => {
  const created = await objects.createBucket(bucket)
  // us-east-1 alone answers 200 to a repeated creation by the owner.
  if (!created && region !== 'us-east-1')
    throw new S3Error('BucketAlreadyOwnedByYou', 409, 'You own this bucket already.')
  sendEmpty(response, 200, { location: `/${bucket}` })
}

export const headBucket: Operation = ({ objects, region }, { bucket }, response) =>
  sendEmpty(response, objects.hasBucket(bucket) ? 200 : 404, { 'x-amz-bucket-region': region })

export const deleteBucket: Operation = async ({ objects }, { bucket }, response) => {
  await objects.deleteBucket(bucket)
  sendEmpty(response, 204)
}

export const bucketLocation: Operation = ({ objects, region }, { bucket }, response) => {
  objects.keys(bucket, '')
  sendXml(response, 'LocationConstraint', region === 'us-east-1' ? null : region)
}

export const listObjects: Operation = ({ objects }, { bucket, query }, response) => {
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8')
  const request = {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: Math.min(Number(query.get('max-keys') ?? largestPage) || 0, largestPage),
    after,
  }
  const page = listPage(objects.keys(bucket, request.prefix), request)
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text
  sendXml(response, 'ListBucketResult', [
    tag('Name', bucket),
    tag('Prefix', encode(request.prefix)),
    tag('Delimiter', request.delimiter === '' ? undefined : encode(request.delimiter)),
    tag('MaxKeys', request.maxKeys),
    tag('KeyCount', page.objects.length + page.commonPrefixes.length),
    tag('IsTruncated', page.next !== null),
    tag('ContinuationToken', token ?? undefined),
    tag('NextContinuationToken', page.next === null ? undefined : Buffer.from(page.next).toString('base64url')),
    page.objects.map((object) =>
      tag('Contents', [
        tag('Key', encode(object.key)),
        tag('LastModified', object.lastModified),
        tag('ETag', `"${object.etag}"`),
        tag('Size', object.size),
        tag('StorageClass', 'STANDARD'),
      ]),
    ),
    page.commonPrefixes.map((prefix) => tag('CommonPrefixes', tag('Prefix', encode(prefix)))),
  ])
}

export const deleteObjects: Operation = async ({ objects }, call, response) => {
  const root = await xmlBody(call)
  const keys = children(root, 'Object').map((one) => childText(one, 'Key') ?? '')
  for (const key of keys) await objects.delete(call.bucket, key)
  const quiet = childText(root, 'Quiet') === 'true'
  sendXml(response, 'DeleteResult', quiet ? null : keys.map((key) => tag('Deleted', tag('Key', key))))
}
