import pg from 'pg'
import type { Logger } from 'pino'
import type { ShortenerConfig } from '@/lab/shortener/config'

/** Connecting, waiting for a connection, and one statement may each take this long: a frozen server must not hold requests. */
const stepTimeoutMs = 1_000

export type Databases = { writer: pg.Pool; reader: pg.Pool; separateReader: boolean; close: () => Promise<void> }

/** Connections to the writer and, where there is one of its own, to the reader. Nothing is opened yet. */
export function openDatabases(
  config: ShortenerConfig,
  password: string,
  addressOf: (name: string) => string,
  logger: Logger,
): Databases {
  const open = (host: string, port: number) => {
    const pool = new pg.Pool({
      host: addressOf(host),
      port,
      database: config.DATABASE_NAME,
      user: config.DATABASE_USER,
      password,
      max: 2,
      connectionTimeoutMillis: stepTimeoutMs,
      query_timeout: stepTimeoutMs,
      statement_timeout: stepTimeoutMs,
      keepAlive: true,
      application_name: `shortener-${config.REGION}-${config.INSTANCE}`,
    })
    // An idle connection that breaks is replaced at the next use.
    pool.on('error', (error) => logger.warn({ host, reason: error.message }, 'a database connection was lost'))
    return pool
  }
  const writer = open(config.DATABASE_HOST, config.DATABASE_PORT)
  const readerHost = config.READER_HOST ?? config.DATABASE_HOST
  const separateReader = addressOf(readerHost) !== addressOf(config.DATABASE_HOST)
  const reader = separateReader ? open(readerHost, config.READER_PORT) : writer
  return {
    writer,
    reader,
    separateReader,
    close: async () => {
      await Promise.all([...new Set([writer, reader])].map((pool) => pool.end()))
    },
  }
}
