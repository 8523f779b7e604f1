import { withTransaction } from '@/server/db/tx'
import { actorName } from '@/server/domain/actor'
import { may } from '@/server/domain/rights'
import { authorise, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { unfinishedStates, writeTrail } from './move'

/**
 * Says that a person has seen an incident: the notification phase of its RTO ends here. The first one counts; saying it again changes nothing.
 * @throws ServiceError not-found, forbidden, wrong-state
 */
export async function acknowledgeIncident(
  ctx: Context,
  { incidentId }: { incidentId: string },
): Promise<{ acknowledgedAt: string }> {
  const found = await ctx.db.incident.findUnique({ where: { id: incidentId } })
  if (!found || !may(ctx.grants, 'incident.read', found.serviceId)) throw notFound('incident')
  const { serviceId } = found
  const attempt = { action: 'incident.acknowledge', subject: `incident/${incidentId}`, serviceId, runId: null }
  return auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'incident.acknowledge', serviceId)
    if (found.acknowledgedAt) return { acknowledgedAt: found.acknowledgedAt.toISOString() }
    const acknowledgedAt = new Date(ctx.clock.now())
    const done = await withTransaction(ctx.db, async (tx) => {
      const moved = await tx.incident.updateMany({
        where: { id: incidentId, acknowledgedAt: null, state: { in: unfinishedStates } },
        data: { acknowledgedAt },
      })
      if (moved.count === 0) return false
      const message = `Acknowledged by ${actorName(ctx.actor)}.`
      await writeTrail(ctx, tx, { incidentId, serviceId, action: 'incident.acknowledge', message, data: {} })
      return true
    })
    return done ? { acknowledgedAt: acknowledgedAt.toISOString() } : afterwards(ctx, incidentId)
  })
}

async function afterwards(ctx: Context, incidentId: string): Promise<{ acknowledgedAt: string }> {
  const row = await ctx.db.incident.findUnique({ where: { id: incidentId } })
  if (row?.acknowledgedAt) return { acknowledgedAt: row.acknowledgedAt.toISOString() }
  throw new ServiceError(
    'wrong-state',
    `The incident is ${row?.state ?? 'gone'} already.`,
    'It was not acknowledged.',
    'Reload the incident and look at how it ended.',
  )
}
