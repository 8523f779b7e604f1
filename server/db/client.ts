import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client'

/** The control database. One pool a process. */
export type Db = PrismaClient

/** @param max connections at the most; a console needs more than a worker, which mostly waits for managed systems */
export function createDb(url: string, options: { max?: number } = {}): Db {
  const adapter = new PrismaPg({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: 3_000,
    // A control database that went away without a word must not hold a worker longer than its lease.
    query_timeout: 10_000,
    application_name: 'lifeboat',
  })
  return new PrismaClient({ adapter })
}
