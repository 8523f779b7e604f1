import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { checksumAlgorithms } from '@/lab/store/checksum'

/**
 * One object, one file: the bytes, then its description as JSON, then the description's length in 8 hexadecimal digits. So an
 * object and all that is known of it come into being by a single rename.
 */
const description = z.object({
  key: z.string(),
  size: z.int(),
  etag: z.string(),
  lastModified: z.string(),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
  checksum: z.object({ algorithm: z.enum(checksumAlgorithms), value: z.string() }).nullable(),
})
export type ObjectDescription = z.infer<typeof description>

const lengthDigits = 8

/** A file under way; nobody sees it before it is renamed. */
export class TemporaryObject {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async create(directory: string): Promise<TemporaryObject> {
    const path = join(directory, `${randomUUID()}.tmp`)
    return new TemporaryObject(path, await open(path, 'wx', 0o600))
  }

  async write(part: Buffer): Promise<void> {
    await this.file.writeFile(part)
  }

  /** Adds the description and makes all of it durable; the rename is the caller's. */
  async finish(object: ObjectDescription): Promise<void> {
    const json = Buffer.from(JSON.stringify(object))
    await this.file.writeFile(Buffer.concat([json, Buffer.from(json.length.toString(16).padStart(lengthDigits, '0'))]))
    await this.file.sync()
    await this.file.close()
  }

  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined)
    await rm(this.path, { force: true })
  }
}

/** @returns null for a file that is not a whole object */
export async function readDescription(path: string): Promise<ObjectDescription | null> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if (size < lengthDigits) return null
    const digits = (await file.read(Buffer.alloc(lengthDigits), 0, lengthDigits, size - lengthDigits)).buffer.toString()
    const length = Number.parseInt(digits, 16)
    if (!(length > 0 && length <= size - lengthDigits)) return null
    const json = await file.read(Buffer.alloc(length), 0, length, size - lengthDigits - length)
    const parsed = description.safeParse(JSON.parse(json.buffer.toString()))
    return parsed.success && parsed.data.size === size - lengthDigits - length ? parsed.data : null
  } catch {
    return null
  } finally {
    await file.close()
  }
}
