import { unresolved } from '@/server/db/repositories/alerts'
import type { Tx } from '@/server/db/tx'
import { resolveAlert } from '../alerts/move'
import type { IncidentContext } from '../incidents/move'
import { bulkChangeSignal } from './record'

/** Somebody who knows of it needs no alert for longer than this after the last change. */
const knownForMs = 600_000
/** A restore to the moment before is decided within a day, or not at all. */
const unknownForMs = 24 * 3_600_000

/** What was changed stays changed: the alert ends once a person knows of it and the table is still, or after a day. */
export async function endAnomalyAlerts(ctx: IncidentContext, tx: Tx, serviceId: string, at: Date): Promise<void> {
  const open = await tx.alert.findMany({ where: { serviceId, signal: bulkChangeSignal, state: unresolved } })
  for (const alert of open) {
    const last = await tx.anomaly.findFirst({
      where: { serviceId, tableName: alert.subject },
      orderBy: { until: 'desc' },
    })
    const stillMs = at.getTime() - (last?.until ?? alert.openedAt).getTime()
    if (stillMs <= (alert.state === 'acknowledged' ? knownForMs : unknownForMs)) continue
    await resolveAlert(
      tx,
      alert,
      `${alert.subject} has not changed in bulk since. The anomaly stays listed.`,
      at,
      ctx.actor,
    )
  }
}
