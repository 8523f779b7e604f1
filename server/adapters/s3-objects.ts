import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type AwsKeys, awsClientOptions, httpStatus, toAwsError } from './aws'
import { withDeadline } from './deadline'
import type { Names } from './names'

export type S3Options = {
  endpoint: string
  bucket: string
  region?: string
  keys: AwsKeys
  names: Names
  system: string
}
type StoredObject = { body: string; etag: string | null }

/** What Lifeboat needs of an object store; a put with a condition answers false when the condition did not hold. */
export interface S3Objects {
  get(key: string): Promise<StoredObject | null>
  put(key: string, body: string, condition: { ifNoneMatch: '*' } | { ifMatch: string }): Promise<boolean>
  delete(key: string): Promise<void>
  list(prefix: string): Promise<string[]>
  close(): void
}

const callTimeoutMs = 5_000

export function createS3Objects(options: S3Options): S3Objects {
  const { bucket, system } = options
  const client = new S3Client({
    region: options.region ?? 'us-east-1',
    endpoint: options.endpoint,
    // Bucket names in host names would need a DNS entry each.
    forcePathStyle: true,
    ...awsClientOptions(options.names, options.keys, 2_000),
  })
  const call = <T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline(system, callTimeoutMs, work, (error) => toAwsError(system, error))

  return {
    get: (key) =>
      call(async (abortSignal) => {
        try {
          const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })
          return { body: (await answer.Body?.transformToString('utf8')) ?? '', etag: answer.ETag ?? null }
        } catch (error) {
          if (error instanceof Error && error.name === 'NoSuchKey') return null
          throw error
        }
      }),
    put: (key, body, condition) =>
      call(async (abortSignal) => {
        try {
          await client.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: key,
              Body: body,
              ContentType: 'application/json',
              ...('ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch }),
            }),
            { abortSignal },
          )
          return true
        } catch (error) {
          // 404 answers If-Match on an object that went away in between.
          if (httpStatus(error) === 412 || ('ifMatch' in condition && httpStatus(error) === 404)) return false
          throw error
        }
      }),
    delete: (key) =>
      call(async (abortSignal) => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })
      }),
    async list(prefix) {
      const keys: string[] = []
      let token: string | undefined
      do {
        const page = await call((abortSignal) =>
          client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }), {
            abortSignal,
          }),
        )
        keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])))
        token = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (token !== undefined)
      return keys
    },
    close: () => client.destroy(),
  }
}
