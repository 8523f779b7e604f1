import type { ServerResponse } from 'node:http'
import {
  bucketLocation,
  createBucket,
  deleteBucket,
  deleteObjects,
  headBucket,
  listBuckets,
  listObjects,
} from '@/lab/store/bucket-operations'
import { abortMultipart, completeMultipart, listParts, putPart, startMultipart } from '@/lab/store/multipart-operations'
import { deleteObject, getObject, putObject } from '@/lab/store/object-operations'
import { newId } from '@/lab/store/objects'
import type { Operation, Store } from '@/lab/store/operation'
import type { S3Call } from '@/lab/store/requests'
import { S3Error } from '@/lab/store/s3-error'

const at = {
  root: (call: S3Call) => call.bucket === '',
  bucket: (call: S3Call) => call.bucket !== '' && call.key === '',
}
const has = (name: string) => (call: S3Call) => call.query.has(name)

const routes: { method: string; when: ((call: S3Call) => boolean)[]; operation: Operation }[] = [
  { method: 'GET', when: [at.root], operation: listBuckets },
  { method: 'GET', when: [at.bucket, has('location')], operation: bucketLocation },
  { method: 'GET', when: [at.bucket, (call) => call.query.get('list-type') === '2'], operation: listObjects },
  { method: 'PUT', when: [at.bucket], operation: createBucket },
  { method: 'HEAD', when: [at.bucket], operation: headBucket },
  { method: 'DELETE', when: [at.bucket], operation: deleteBucket },
  { method: 'POST', when: [at.bucket, has('delete')], operation: deleteObjects },
  { method: 'POST', when: [has('uploads')], operation: startMultipart },
  { method: 'POST', when: [has('uploadId')], operation: completeMultipart },
  { method: 'PUT', when: [has('uploadId')], operation: putPart },
  { method: 'GET', when: [has('uploadId')], operation: listParts },
  { method: 'DELETE', when: [has('uploadId')], operation: abortMultipart },
  { method: 'PUT', when: [(call) => call.key !== ''], operation: putObject },
  { method: 'GET', when: [(call) => call.key !== ''], operation: getObject },
  { method: 'HEAD', when: [(call) => call.key !== ''], operation: getObject },
  { method: 'DELETE', when: [(call) => call.key !== ''], operation: deleteObject },
]

/** @throws S3Error with what S3 would answer */
export async function callOperation(store: Store, call: S3Call, response: ServerResponse): Promise<void> {
  const route = routes.find((one) => one.method === call.method && one.when.every((condition) => condition(call)))
  if (!route) throw new S3Error('NotImplemented', 501, `The lab's store has no ${call.method} like this (${newId()})`)
  await route.operation(store, call, response)
}
