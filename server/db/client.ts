import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client'

/** The control database. One pool a process. */
export type Db = PrismaClient

/**
 * @param max connections at the most; a console needs more than a worker, which mostly waits for managed systems
 * @param kept how many that were opened once stay open while idle: opening one takes longer than most of what it is opened for
 */
export function createDb(url: string, options: { max?: number; kept?: number } = {}): Db {
  const adapter = new PrismaPg({
    connectionString: url,
    max: options.max ?? 10,
    min: options.kept ?? 0,
    connectionTimeoutMillis: 3_000,
    // A control database that went away without a word must not hold a worker longer than its lease.
    query_timeout: 10_000,
    application_name: 'lifeboat',
    // Instants are sent without a zone: in a session of another zone than UTC they would be stored hours off, beside those that the database itself writes.
    // And compiling a query takes longer than the widest chart does.
    options: '-c TimeZone=UTC -c jit=off',
  })
  return new PrismaClient({ adapter })
}
