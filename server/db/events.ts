import type { JsonObject } from '@/server/domain/json'
import { Prisma } from './generated/client'
import type { Tx } from './tx'

/** Where processes listen for new events; the payload is the event's id. PostgreSQL delivers it when the transaction commits, or never. */
export const eventChannel = 'lifeboat_event'

export type NewEvent = { kind: string; serviceId: string | null; runId: string | null; data: JsonObject }

/** Tells pages and other processes that something changed, in the transaction that changes it. */
export async function emitEvent(tx: Tx, event: NewEvent): Promise<void> {
  await tx.$queryRaw`WITH ${madeEvent(event)} SELECT ${toldEvent} FROM made`
}

/** The same as parts of a statement that writes more than the event: a member `made` for its WITH, and a column over `made`. */
export function madeEvent(event: NewEvent): Prisma.Sql {
  return Prisma.sql`made AS (
      INSERT INTO event (kind, service_id, run_id, data)
      VALUES (${event.kind}, ${event.serviceId}, ${event.runId}, ${JSON.stringify(event.data)}::jsonb)
      RETURNING id)`
}
export const toldEvent = Prisma.sql`pg_notify(${eventChannel}, id::text)::text`
