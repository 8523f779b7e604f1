import { createHash, randomUUID } from 'node:crypto'
import { renameSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '@/lab/service-process'
import { type ObjectDescription, readDescription, TemporaryObject } from '@/lab/store/object-file'
import { noSuchBucket, noSuchKey, preconditionFailed, S3Error } from '@/lab/store/s3-error'

type Bucket = { createdAt: string; objects: Map<string, ObjectDescription> }

/** What must hold at the moment of the rename. */
export type PutCondition = { ifNoneMatch?: string | undefined; ifMatch?: string | undefined }

/** Buckets and objects on disk, described in memory. */
export class Objects {
  private readonly buckets = new Map<string, Bucket>()

  private constructor(private readonly root: string) {}

  /** Reads what is there; leftovers of a crash are removed. */
  static async open(root: string): Promise<Objects> {
    const objects = new Objects(root)
    await mkdir(join(root, 'buckets'), { recursive: true })
    await rm(objects.temporaryDirectory, { recursive: true, force: true })
    await mkdir(objects.temporaryDirectory)
    for (const name of await readdir(join(root, 'buckets'))) await objects.load(name)
    return objects
  }

  get temporaryDirectory(): string {
    return join(this.root, 'tmp')
  }

  list(): { name: string; createdAt: string }[] {
    return [...this.buckets]
      .map(([name, bucket]) => ({ name, createdAt: bucket.createdAt }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  hasBucket(name: string): boolean {
    return this.buckets.has(name)
  }

  /** @returns false when it was there already */
  async createBucket(name: string): Promise<boolean> {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new S3Error('InvalidBucketName', 400, 'The specified bucket is not valid.')
    }
    if (this.buckets.has(name)) return false
    this.buckets.set(name, { createdAt: new Date().toISOString(), objects: new Map() })
    await mkdir(this.bucketDirectory(name), { recursive: true })
    await syncDirectory(join(this.root, 'buckets'))
    return true
  }

  async deleteBucket(name: string): Promise<void> {
    if (this.need(name).objects.size > 0) {
      throw new S3Error('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty')
    }
    this.buckets.delete(name)
    await rm(this.bucketDirectory(name), { recursive: true, force: true })
  }

  /** Descriptions whose keys start with `prefix`, in the order of the keys' bytes. */
  keys(bucket: string, prefix: string): ObjectDescription[] {
    return [...this.need(bucket).objects.values()]
      .filter((object) => object.key.startsWith(prefix))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }

  find(bucket: string, key: string): ObjectDescription {
    const object = this.need(bucket).objects.get(key)
    if (!object) throw noSuchKey()
    return object
  }

  filePath(bucket: string, key: string): string {
    return join(this.bucketDirectory(bucket), createHash('sha256').update(key).digest('hex'))
  }

  async startUpload(): Promise<TemporaryObject> {
    return TemporaryObject.create(this.temporaryDirectory)
  }

  /**
   * Makes a finished upload the object of its key. Condition and rename happen in one turn of the event loop, so of two
   * writers with `If-None-Match: *` exactly one succeeds.
   */
  async commit(
    bucket: string,
    upload: TemporaryObject,
    object: ObjectDescription,
    condition: PutCondition,
  ): Promise<void> {
    await upload.finish(object)
    const { objects } = this.need(bucket)
    const current = objects.get(object.key)
    if (condition.ifNoneMatch === '*' && current) throw preconditionFailed()
    if (condition.ifMatch !== undefined && condition.ifMatch.replaceAll('"', '') !== current?.etag)
      throw preconditionFailed()
    renameSync(upload.path, this.filePath(bucket, object.key))
    objects.set(object.key, object)
    await syncDirectory(this.bucketDirectory(bucket))
  }

  /** Deleting what is not there succeeds, as in S3. */
  async delete(bucket: string, key: string): Promise<void> {
    if (!this.need(bucket).objects.delete(key)) return
    await rm(this.filePath(bucket, key), { force: true })
    await syncDirectory(this.bucketDirectory(bucket))
  }

  private need(name: string): Bucket {
    const bucket = this.buckets.get(name)
    if (!bucket) throw noSuchBucket()
    return bucket
  }

  private bucketDirectory(name: string): string {
    return join(this.root, 'buckets', name)
  }

  private async load(name: string): Promise<void> {
    const objects = new Map<string, ObjectDescription>()
    for (const file of await readdir(this.bucketDirectory(name))) {
      const object = await readDescription(join(this.bucketDirectory(name), file))
      if (object) objects.set(object.key, object)
    }
    this.buckets.set(name, { createdAt: new Date().toISOString(), objects })
  }
}

/** An id for uploads and requests. */
export function newId(): string {
  return randomUUID().replaceAll('-', '')
}
