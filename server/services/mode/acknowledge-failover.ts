import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { type Tx, withTransaction } from '@/server/db/tx'
import { activeRunStates } from '@/server/domain/run/states'
import { authorise, invalidInput } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { onlyPeople, reasonText } from './common'

/**
 * A person says that they have looked at what was done by itself: only this ends the cool-down. Planned work and what a person asks for never needs it.
 * @throws ServiceError forbidden, not-found, invalid, wrong-state
 */
export async function acknowledgeFailover(
  ctx: Context,
  wanted: { service: string; reason: string },
): Promise<{ runIds: string[] }> {
  const reason = reasonText.safeParse(wanted.reason)
  if (!reason.success) throw invalidInput(reason.error.issues)
  const { service } = wanted
  const attempt = {
    action: 'automatic-failover.acknowledge',
    subject: `service/${service}`,
    serviceId: service,
    runId: null,
  }
  return auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'incident.acknowledge', service)
    if (ctx.actor.type !== 'user') throw onlyPeople('Nothing was acknowledged.')
    return withTransaction(ctx.db, (tx) => acknowledge(ctx, tx, service, reason.data))
  })
}

async function acknowledge(ctx: Context, tx: Tx, serviceId: string, reason: string): Promise<{ runIds: string[] }> {
  await tx.$queryRaw`SELECT 1 FROM service_lease WHERE service_id = ${serviceId} FOR UPDATE`
  const open = await tx.automaticAction.findMany({ where: { serviceId, mode: 'automatic', acknowledgedAt: null } })
  const runIds = open.map((each) => each.runId)
  if (runIds.length === 0) {
    throw notNow('No automatic failover waits to be acknowledged.', 'There is nothing to do.')
  }
  const active = await tx.run.findFirst({
    where: { id: { in: runIds }, state: { in: [...activeRunStates] } },
    select: { id: true, state: true },
  })
  if (active)
    throw notNow(
      `Run ${active.id} is still ${active.state}.`,
      'Acknowledge it once it has ended and you have seen how.',
    )
  const at = await databaseNow(tx)
  await tx.automaticAction.updateMany({
    where: { runId: { in: runIds }, acknowledgedAt: null },
    data: { acknowledgedAt: at, acknowledgedBy: ctx.actor, acknowledgeReason: reason },
  })
  await emitEvent(tx, { kind: 'service.changed', serviceId, runId: null, data: {} })
  await appendAudit(tx, {
    at,
    actor: ctx.actor,
    action: 'automatic-failover.acknowledge',
    subject: `service/${serviceId}`,
    serviceId,
    runId: null,
    outcome: 'ok',
    data: { reason, runIds },
  })
  return { runIds }
}

const notNow = (message: string, next: string) =>
  new ServiceError('wrong-state', message, 'Nothing was acknowledged.', next)
