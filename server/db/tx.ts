import type { Db } from './client'
import type { Prisma } from './generated/client'

/** A transaction's client: what is written through it commits together or not at all. */
export type Tx = Prisma.TransactionClient

/** Runs `work` in one transaction. Waits at most 5 s for a connection and for locks; then nothing was written. */
export function withTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.$transaction(work, { maxWait: 5_000, timeout: 10_000 })
}
