import { randomUUID } from 'node:crypto'
import { databaseNow } from '@/server/db/repositories/clock'
import { withTransaction } from '@/server/db/tx'
import type { BulkChange } from '@/server/domain/anomaly/bulk-changes'
import { openAlert } from '../alerts/move'
import type { IncidentContext } from '../incidents/move'

/** The signal of the alert that an anomaly opens. */
export const bulkChangeSignal = 'anomaly.bulk-change'

export type AnomalySeen = { service: string; serverId: string; limitRows: number; windowMs: number; change: BulkChange }

/**
 * Keeps a storm of changes, once however many vantage points saw it: one that overlaps with another of the same table is the same. The first sight opens the alert
 * AnomalousDataUpdate. @returns whether it was new
 */
export async function recordAnomaly(ctx: IncidentContext, seen: AnomalySeen): Promise<boolean> {
  const { service, serverId, limitRows, windowMs, change } = seen
  return withTransaction(ctx.db, async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`anomaly ${service} ${change.table}`}, 0))`
    const [at, until] = [new Date(change.at), new Date(change.until)]
    const reachesInto = new Date(at.getTime() - windowMs)
    const known = await tx.anomaly.findFirst({
      where: { serviceId: service, serverId, tableName: change.table, until: { gte: reachesInto } },
      orderBy: { until: 'desc' },
    })
    if (known) {
      // Two vantage points look a moment apart: the later of the two moments is still before the first change.
      await tx.anomaly.update({
        where: { id: known.id },
        data: {
          rows: known.rows > BigInt(change.rows) ? known.rows : BigInt(change.rows),
          until: known.until > until ? known.until : until,
        },
      })
      return false
    }
    const id = randomUUID()
    const detectedAt = await databaseNow(tx)
    await tx.anomaly.create({
      data: {
        ...{ id, serviceId: service, serverId, tableName: change.table, rows: change.rows },
        ...{ at, until, lsn: change.lsn, limitRows, windowMs, detectedAt },
      },
    })
    const seconds = Math.round(windowMs / 1000)
    await openAlert(
      tx,
      { serviceId: service, signal: bulkChangeSignal, subject: change.table },
      {
        cause: 'anomaly',
        severity: 'critical',
        state: 'firing',
        title: `AnomalousDataUpdate: ${change.table}`,
        sentence: `At least ${change.rows} rows of ${change.table} were updated or deleted on ${serverId} after ${change.at}; more than ${limitRows} in ${seconds} s are unusual. Nothing was done about it.`,
        value: change.rows,
        unit: 'rows',
        href: `/services/${service}`,
      },
      detectedAt,
      ctx.actor,
    )
    return true
  })
}
