import type { Db } from '@/server/db/client'
import { type Grant, may, type Right } from '@/server/domain/rights'
import { type EventView, eventView } from './dto/records'

const kinds = eventView.shape.kind

/** What one has to be allowed to read to be told that it changed. */
const rightFor: Record<EventView['kind'], Right> = {
  'run.changed': 'run.read',
  'step.changed': 'run.read',
  'approval.changed': 'run.read',
  'service.changed': 'service.read',
  'incident.changed': 'incident.read',
  'alert.changed': 'incident.read',
  'audit.appended': 'audit.read',
}

/** Whether these grants may be told of an event. One that names no service is for whoever may read any. */
export function mayHear(grants: readonly Grant[], event: EventView): boolean {
  return may(grants, rightFor[event.kind], event.service)
}

/** Events after `afterId`, oldest first; when there are more than `limit`, the newest of them, since they are hints only. */
export async function eventsAfter(db: Db, afterId: bigint, limit: number): Promise<EventView[]> {
  const rows = await db.event.findMany({ where: { id: { gt: afterId } }, orderBy: { id: 'desc' }, take: limit })
  return rows.reverse().flatMap((row) => {
    const kind = kinds.safeParse(row.kind)
    if (!kind.success) return []
    return [{ id: String(row.id), at: row.at.toISOString(), kind: kind.data, service: row.serviceId, runId: row.runId }]
  })
}

/** The newest event there is; 0 for none. */
export async function newestEventId(db: Db): Promise<bigint> {
  const row = await db.event.findFirst({ orderBy: { id: 'desc' }, select: { id: true } })
  return row?.id ?? 0n
}
