import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type ObjectDescription, readDescription } from '@/lab/store/object-file'
import { newId, type Objects, type PutCondition } from '@/lab/store/objects'
import { noSuchUpload, S3Error } from '@/lab/store/s3-error'
import type { BodyDigest } from '@/lab/store/upload-body'

const started = z.object({
  bucket: z.string(),
  key: z.string(),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
})
type Started = z.infer<typeof started>
export type Part = { number: number; etag: string; size: number }

/** Uploads in parts: a directory an upload, a file a part, put together when the client says so. */
export class Multipart {
  constructor(
    private readonly root: string,
    private readonly objects: Objects,
  ) {}

  async start(upload: Started): Promise<string> {
    const id = newId()
    await mkdir(this.directory(id), { recursive: true })
    await writeFile(join(this.directory(id), 'upload.json'), JSON.stringify(upload))
    return id
  }

  /** @throws S3Error NoSuchUpload, also when the upload belongs to another key */
  async need(id: string, bucket: string, key: string): Promise<Started> {
    if (!/^[0-9a-f]{32}$/.test(id)) throw noSuchUpload()
    const text = await readFile(join(this.directory(id), 'upload.json'), 'utf8').catch(() => null)
    const upload = text === null ? null : started.parse(JSON.parse(text))
    if (!upload || upload.bucket !== bucket || upload.key !== key) throw noSuchUpload()
    return upload
  }

  /** Stores one part; the same number again replaces it. */
  async putPart(id: string, number: number, receive: (write: (part: Buffer) => Promise<void>) => Promise<BodyDigest>) {
    if (!Number.isInteger(number) || number < 1 || number > 10_000) {
      throw new S3Error('InvalidArgument', 400, 'Part number must be an integer between 1 and 10000, inclusive')
    }
    const file = await this.objects.startUpload()
    try {
      const digest = await receive((part) => file.write(part))
      await file.finish(partDescription(number, digest))
      await rename(file.path, this.partPath(id, number))
      return digest
    } catch (error) {
      await file.discard()
      throw error
    }
  }

  async parts(id: string): Promise<Part[]> {
    const names = (await readdir(this.directory(id))).filter((name) => /^\d{5}$/.test(name)).toSorted()
    const found = await Promise.all(names.map((name) => readDescription(join(this.directory(id), name))))
    return found.flatMap((part) => (part ? [{ number: Number(part.key), etag: part.etag, size: part.size }] : []))
  }

  /** Puts the named parts together in their order. The ETag is S3's: MD5 over the parts' MD5s, dash, how many. */
  async complete(id: string, upload: Started, wanted: { number: number; etag: string }[], condition: PutCondition) {
    const parts = await this.parts(id)
    if (wanted.length === 0 || wanted.some((part, index) => part.number <= (wanted[index - 1]?.number ?? 0))) {
      throw new S3Error('InvalidPartOrder', 400, 'The list of parts was not in ascending order.')
    }
    const chosen = wanted.map((part) => {
      const found = parts.find((one) => one.number === part.number && one.etag === part.etag.replaceAll('"', ''))
      if (!found) throw new S3Error('InvalidPart', 400, `Part ${part.number} could not be found, or its ETag differs.`)
      return found
    })
    const file = await this.objects.startUpload()
    try {
      for (const part of chosen) {
        if (part.size === 0) continue
        const stream = createReadStream(this.partPath(id, part.number), { end: part.size - 1 })
        for await (const piece of stream) await file.write(piece)
      }
      const etags = createHash('md5').update(Buffer.concat(chosen.map((part) => Buffer.from(part.etag, 'hex'))))
      const object: ObjectDescription = {
        key: upload.key,
        size: chosen.reduce((sum, part) => sum + part.size, 0),
        etag: `${etags.digest('hex')}-${chosen.length}`,
        lastModified: new Date().toISOString(),
        contentType: upload.contentType,
        metadata: upload.metadata,
        checksum: null,
      }
      await this.objects.commit(upload.bucket, file, object, condition)
      await this.abort(id)
      return object
    } catch (error) {
      await file.discard()
      throw error
    }
  }

  async abort(id: string): Promise<void> {
    await rm(this.directory(id), { recursive: true, force: true })
  }

  private directory(id: string): string {
    return join(this.root, 'uploads', id)
  }

  private partPath(id: string, number: number): string {
    return join(this.directory(id), String(number).padStart(5, '0'))
  }
}

function partDescription(number: number, digest: BodyDigest): ObjectDescription {
  const lastModified = new Date().toISOString()
  return { key: String(number), ...digest, lastModified, contentType: '', metadata: {} }
}
