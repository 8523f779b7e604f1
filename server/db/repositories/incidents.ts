import type { PlanFacts } from '@/server/domain/plan/facts'
import type { Tx } from '../tx'

/** The newest outage of a service that is not over; null when all is well. */
export async function findOpenIncident(tx: Pick<Tx, 'incident'>, serviceId: string): Promise<PlanFacts['incident']> {
  const row = await tx.incident.findFirst({
    where: { serviceId, state: { in: ['open', 'confirmed'] } },
    orderBy: { openedAt: 'desc' },
  })
  if (!row) return null
  return {
    id: row.id,
    lastGoodAt: row.lastGoodAt?.toISOString() ?? null,
    primaryLsn: row.primaryLsn,
    primaryLsnAt: row.primaryLsnAt?.toISOString() ?? null,
  }
}
