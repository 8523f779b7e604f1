import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { type Tx, withTransaction } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import type { Context } from '@/server/services/context'

/** What the incident verbs of a worker are given. */
export type IncidentContext = Pick<Context, 'db' | 'clock' | 'actor'>

export type IncidentState = 'open' | 'confirmed' | 'recovered' | 'closed' | 'dismissed'
/** Not over yet: at most one of a kind for a service. */
export const unfinishedStates: IncidentState[] = ['open', 'confirmed', 'recovered']

type Move = {
  incidentId: string
  serviceId: string
  from: IncidentState[]
  /** Columns that change; the state among them. */
  set: {
    state: IncidentState
    region?: string | null
    title?: string
    severity?: string
    lastGoodAt?: Date | null
    confirmedAt?: Date
    recoveredAt?: Date | null
    closedAt?: Date
    primaryLsn?: string | null
    primaryLsnAt?: Date | null
  }
  /** Audit action and kind of the timeline's entry: `incident.confirm`. */
  action: string
  message: string
  data: JsonObject
}

/**
 * Moves an incident by a conditional update, with its timeline, event and audit entry in the same transaction.
 * @returns false when another worker had moved it already: then nothing was written
 */
export async function moveIncident(ctx: IncidentContext, move: Move): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    const moved = await tx.incident.updateMany({
      where: { id: move.incidentId, state: { in: move.from } },
      data: move.set,
    })
    if (moved.count === 0) return false
    await writeTrail(ctx, tx, move)
    return true
  })
}

/** The timeline's entry, the events and, last since it locks the chain's head, the audit entry. */
export async function writeTrail(
  ctx: IncidentContext,
  tx: Tx,
  trail: Pick<Move, 'incidentId' | 'serviceId' | 'action' | 'message' | 'data'>,
): Promise<void> {
  const at = new Date(ctx.clock.now())
  const { incidentId, serviceId, action, message, data } = trail
  await tx.incidentEvent.create({
    data: { incidentId, at, kind: action.replace('incident.', ''), message, actor: ctx.actor, data },
  })
  await emitEvent(tx, { kind: 'incident.changed', serviceId, runId: null, data: { incidentId } })
  await emitEvent(tx, { kind: 'service.changed', serviceId, runId: null, data: {} })
  await appendAudit(tx, {
    at,
    actor: ctx.actor,
    action,
    subject: `incident/${incidentId}`,
    serviceId,
    runId: null,
    outcome: 'ok',
    data: { message, ...data },
  })
}
