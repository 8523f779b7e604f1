import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processLogger } from '@/lab/service-process'
import { storeConfig } from '@/lab/store/config'
import { startStore } from '@/lab/store/service'

const host = '127.63.1.14'
let directory: string
let stop: () => Promise<void>

async function start(): Promise<void> {
  const config = storeConfig.parse({
    listen: { host },
    dataDirectory: join(directory, 'data'),
    credentials: [{ accessKeyId: 'LABKEY', secretAccessKeyFile: join(directory, 'secret') }],
    buckets: ['lifeboat'],
    publicRead: ['lifeboat/switch/'],
  })
  stop = await startStore(config, processLogger('store'))
}

function client(secretAccessKey = 'lab-secret'): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint: `http://${host}:19000`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'LABKEY', secretAccessKey },
    maxAttempts: 1,
  })
}
const s3 = client()
const Bucket = 'lifeboat'
const put = (Key: string, Body: string, rest: { IfNoneMatch?: string; IfMatch?: string } = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...rest }))
const get = async (Key: string, Range?: string) => {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, Range }))
  return (await answer.Body?.transformToString()) ?? ''
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-store-'))
  await writeFile(join(directory, 'secret'), 'lab-secret')
  await start()
})
afterAll(async () => {
  await stop()
  await rm(directory, { recursive: true })
})

describe('objects', () => {
  it('come back as they were put, also after a restart', async () => {
    const key = 'some dir/ünï+code & (more)!.txt'
    const answer = await s3.send(
      new PutObjectCommand({ Bucket, Key: key, Body: 'hello', ContentType: 'text/plain', Metadata: { run: '7' } }),
    )
    expect(answer.ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`)
    expect(answer.ChecksumCRC32).toBeDefined()
    await stop()
    await start()
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }))
    expect(head).toMatchObject({ ContentLength: 5, ContentType: 'text/plain', Metadata: { run: '7' } })
    expect(head.ChecksumCRC32).toBe(answer.ChecksumCRC32)
    expect(await get(key)).toBe('hello')
    expect([await get(key, 'bytes=1-2'), await get(key, 'bytes=-2'), await get(key, 'bytes=3-')]).toEqual([
      'el',
      'lo',
      'lo',
    ])
    await expect(get(key, 'bytes=9-')).rejects.toMatchObject({ name: 'InvalidRange' })
    await s3.send(new DeleteObjectCommand({ Bucket, Key: key }))
    await expect(get(key)).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  it('take a stream, chunked with a trailing checksum, without its framing', async () => {
    const body = Buffer.alloc(300_000, 'abcdefghij')
    const parts = [body.subarray(0, 70_000), body.subarray(70_000)]
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'streamed', Body: Readable.from(parts), ContentLength: body.length }),
    )
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key: 'streamed', ChecksumMode: 'ENABLED' }))
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true)
    expect(answer.ChecksumCRC32).toBeDefined()
  })

  it('are empty when nothing was put', async () => {
    await put('empty', '')
    expect(await get('empty')).toBe('')
  })

  it('are refused when the checksum does not fit, and nothing is kept', async () => {
    const wrong = new PutObjectCommand({ Bucket, Key: 'damaged', Body: 'hello', ChecksumCRC32: 'AAAAAA==' })
    await expect(s3.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' })
    await expect(get('damaged')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  it('are written once by one of many with If-None-Match', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => put('once', `writer ${i}`, { IfNoneMatch: '*' })),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    const refused = results.find((result) => result.status === 'rejected')
    expect(refused).toMatchObject({ reason: { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } } })
    expect(await get('once')).toBe(`writer ${results.findIndex((result) => result.status === 'fulfilled')}`)
    await expect(put('once', 'other', { IfMatch: '"beef"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  })
})

describe('listings', () => {
  it('are ordered, rolled up and paged', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d/1']) await put(key, key)
    const seen: string[] = []
    let token: string | undefined
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 2, ContinuationToken: token }),
      )
      seen.push(
        [
          ...(page.Contents ?? []).map((one) => one.Key),
          ...(page.CommonPrefixes ?? []).map((one) => one.Prefix),
        ].join(),
      )
      token = page.NextContinuationToken
    } while (token)
    expect(seen).toEqual(['l/a,l/b/', 'l/c,l/d/'])
    const removed = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'l/a' }, { Key: 'l/c' }, { Key: 'l/none' }] } }),
    )
    expect(removed.Deleted).toHaveLength(3)
    const left = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/' }))
    expect(left.Contents?.map((one) => one.Key)).toEqual(['l/b/1', 'l/b/2', 'l/d/1'])
  })

  it('know buckets', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'second' }))
    await s3.send(new HeadBucketCommand({ Bucket: 'second' }))
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'third' }))).rejects.toMatchObject({ name: 'NotFound' })
    const buckets = (await s3.send(new ListBucketsCommand({}))).Buckets?.map((bucket) => bucket.Name)
    expect(buckets).toEqual(['lifeboat', 'second'])
    await expect(s3.send(new PutObjectCommand({ Bucket: 'third', Key: 'x', Body: 'x' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    })
  })
})

describe('uploads in parts', () => {
  it('are put together in order, or thrown away', async () => {
    const Key = 'parts'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/plain' }))
    const part = async (PartNumber: number, Body: string) => ({
      PartNumber,
      ETag: (await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))).ETag,
    })
    const second = await part(2, 'world')
    const first = await part(1, 'hello ')
    const complete = (Parts: (typeof first)[]) =>
      s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
    await expect(complete([second, first])).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    expect((await complete([first, second])).ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
    expect(await get(Key)).toBe('hello world')
    await expect(complete([first, second])).rejects.toMatchObject({ name: 'NoSuchUpload' })
    const other = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'other' }))
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'other', UploadId: other.UploadId }))
    await expect(get('other')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
})

describe('access', () => {
  it('needs a right signature, except for reading below the public prefixes', async () => {
    await put('switch/east', 'set')
    await put('private', 'secret')
    const url = `http://${host}:19000/lifeboat`
    expect((await fetch(`${url}/switch/east`)).status).toBe(200)
    expect((await fetch(`${url}/switch/west`)).status).toBe(404)
    expect((await fetch(`${url}/private`)).status).toBe(403)
    expect((await fetch(`${url}?list-type=2&prefix=switch/`)).status).toBe(403)
    expect((await fetch(`${url}/switch/east`, { method: 'PUT', body: 'x' })).status).toBe(403)
    await expect(client('wrong').send(new GetObjectCommand({ Bucket, Key: 'private' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
  })
})
