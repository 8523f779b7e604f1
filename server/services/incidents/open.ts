import { randomUUID } from 'node:crypto'
import { withTransaction } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import { type IncidentContext, type IncidentState, unfinishedStates, writeTrail } from './move'

export type IncidentKind = 'outage' | 'two-primaries'

type Opening = {
  serviceId: string
  kind: IncidentKind
  state: Extract<IncidentState, 'open' | 'confirmed'>
  region: string | null
  title: string
  severity: 'warning' | 'critical'
  lastGoodAt: Date | null
  probeIntervalMs: number
  message: string
  data: JsonObject
}

/**
 * Opens an incident unless one of this kind is open for the service. The service's incidents are locked while it looks, so that two workers
 * which see the same failure at the same moment open one.
 * @returns its id, or null when there was one already
 */
export async function openIncident(ctx: IncidentContext, opening: Opening): Promise<string | null> {
  return withTransaction(ctx.db, async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`incident:${opening.serviceId}:${opening.kind}`}, 0))`
    const { serviceId, kind, message, data, ...columns } = opening
    const unfinished = await tx.incident.count({ where: { serviceId, kind, state: { in: unfinishedStates } } })
    if (unfinished > 0) return null
    const id = `inc_${randomUUID()}`
    const openedAt = new Date(ctx.clock.now())
    const confirmedAt = opening.state === 'confirmed' ? openedAt : null
    await tx.incident.create({ data: { id, serviceId, kind, openedAt, confirmedAt, ...columns } })
    await writeTrail(ctx, tx, { incidentId: id, serviceId, action: 'incident.open', message, data })
    return id
  })
}
