import type { Context } from '@/server/services/context'

/** Raw series are kept for a week: RTO and RPO are computed from them long before that. */
const keepMs = 7 * 24 * 3_600_000
/** Events are hints to those who watch now; a page that was away longer reads everything anew. */
const keepEventsMs = 24 * 3_600_000
/** Small enough that a delete never holds up the writers of new samples. */
const batchSize = 2_000

/**
 * Deletes samples and positions older than seven days, and events older than one, in small batches.
 * @param mayGoOn asked between batches, so that a worker that stops does not have to wait
 * @returns how many rows went
 */
export async function deleteOldSeries(ctx: Pick<Context, 'db' | 'clock'>, mayGoOn: () => boolean): Promise<number> {
  const before = new Date(ctx.clock.now() - keepMs)
  const samples = await inBatches(
    mayGoOn,
    () => ctx.db.$executeRaw`
      DELETE FROM probe_sample WHERE id IN
        (SELECT id FROM probe_sample WHERE observed_at < ${before} ORDER BY id LIMIT ${batchSize})`,
  )
  const positions = await inBatches(
    mayGoOn,
    () => ctx.db.$executeRaw`
      DELETE FROM wal_position WHERE id IN
        (SELECT id FROM wal_position WHERE observed_at < ${before} ORDER BY id LIMIT ${batchSize})`,
  )
  const eventsBefore = new Date(ctx.clock.now() - keepEventsMs)
  const events = await inBatches(
    mayGoOn,
    () => ctx.db.$executeRaw`
      DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ${eventsBefore} ORDER BY id LIMIT ${batchSize})`,
  )
  return samples + positions + events
}

async function inBatches(mayGoOn: () => boolean, deleteBatch: () => Promise<number>): Promise<number> {
  let total = 0
  while (mayGoOn()) {
    const deleted = await deleteBatch()
    total += deleted
    if (deleted < batchSize) break
  }
  return total
}
