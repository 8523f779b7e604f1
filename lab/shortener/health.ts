import type pg from 'pg'
import type { LinkCache } from '@/lab/shortener/cache'
import type { ShortenerConfig } from '@/lab/shortener/config'
import type { Databases } from '@/lab/shortener/database'
import { withDeadline } from '@/lab/shortener/deadline'

export type Health = {
  status: 'ok' | 'unavailable'
  /** Why it is unavailable, in words; null when ok. */
  reason: string | null
  region: string
  instance: number
  /** Name of the writer as configured. */
  writer: string
  writerReachable: boolean
  writable: boolean
  reader: string
  readerReachable: boolean
  cache: 'ok' | 'unreachable'
}

const deadlineMs = 1_200
/** Several who ask at once share one look. */
const sharedMs = 100

type Look = { reachable: boolean; writable: boolean; reason: string }

/**
 * Whether this instance can do its work. Where the writer is also what it reads, the writer must answer and be writable;
 * an instance with a reader of its own serves redirects without the writer, and from a writable writer without its reader.
 */
export class HealthCheck {
  private last: { at: number; result: Promise<Health> } | null = null

  constructor(
    private readonly config: ShortenerConfig,
    private readonly databases: Databases,
    private readonly cache: LinkCache,
  ) {}

  check(): Promise<Health> {
    const now = performance.now()
    if (!this.last || now - this.last.at > sharedMs) this.last = { at: now, result: this.look() }
    return this.last.result
  }

  private async look(): Promise<Health> {
    const { writer, reader, separateReader } = this.databases
    const writerName = this.config.DATABASE_HOST
    const readerName = this.config.READER_HOST ?? writerName
    const writerLook = lookAt(writerName, writer)
    const [atWriter, atReader, cached] = await Promise.all([
      writerLook,
      separateReader ? lookAt(readerName, reader) : writerLook,
      this.cache.isReachable(),
    ])
    const notWritable = atWriter.reachable && !atWriter.writable ? `${writerName} is read-only` : null
    const canRead = atReader.reachable || (separateReader && atWriter.writable)
    const reason = !canRead ? atReader.reason : separateReader ? null : notWritable
    return {
      status: reason === null ? 'ok' : 'unavailable',
      reason,
      region: this.config.REGION,
      instance: this.config.INSTANCE,
      writer: writerName,
      writerReachable: atWriter.reachable,
      writable: atWriter.writable,
      reader: readerName,
      readerReachable: atReader.reachable,
      cache: cached ? 'ok' : 'unreachable',
    }
  }
}

async function lookAt(name: string, pool: pg.Pool): Promise<Look> {
  try {
    const answer = pool.query<{ writable: boolean }>(
      `select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as writable`,
    )
    const { rows } = await withDeadline(name, deadlineMs, answer)
    return { reachable: true, writable: rows[0]?.writable ?? false, reason: '' }
  } catch (error) {
    const cause = error instanceof Error ? error.message || error.name : String(error)
    return { reachable: false, writable: false, reason: `${name} cannot be reached: ${cause}` }
  }
}
