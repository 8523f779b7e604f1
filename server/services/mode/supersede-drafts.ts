import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { lockRun, type RunRecord } from '@/server/db/repositories/runs'
import { findService } from '@/server/db/repositories/services'
import { type Tx, withTransaction } from '@/server/db/tx'
import { nextState, runTransitions } from '@/server/domain/run/states'
import type { Context } from '../context'
import { automaticActor } from './act-on-outage'

/**
 * Takes back drafts of assisted mode that nobody has approved and that the service has moved on from, so that none waits for ever and nobody approves yesterday's plan.
 * Runs that a person asked for are left alone.
 * @returns ids of the runs that were superseded
 */
export async function supersedeDrafts(ctx: Pick<Context, 'db'>, serviceId: string): Promise<string[]> {
  const waiting = await ctx.db.$queryRaw<{ runId: string; incidentId: string }[]>`
    SELECT run.id AS "runId", action.incident_id AS "incidentId"
      FROM run JOIN automatic_action AS action ON action.run_id = run.id
     WHERE run.service_id = ${serviceId} AND run.state = 'awaiting_approval' AND action.mode = 'assisted'
     ORDER BY run.requested_at`
  const superseded: string[] = []
  for (const draft of waiting) if (await supersede(ctx, draft)) superseded.push(draft.runId)
  return superseded
}

async function supersede(ctx: Pick<Context, 'db'>, draft: { runId: string; incidentId: string }): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    const run = await lockRun(tx, draft.runId)
    if (run?.state !== 'awaiting_approval') return false
    const why = await overtakenBy(tx, run, draft.incidentId)
    const to = nextState(runTransitions, run.state, 'supersede')
    if (why === null || to === null) return false
    const now = await databaseNow(tx)
    const stateReason = `${why} Nothing was done.`
    const moved = await tx.run.updateMany({
      where: { id: run.id, state: run.state },
      data: { state: to, stateReason, endedAt: now, version: { increment: 1 } },
    })
    if (moved.count === 0) return false
    const about = { serviceId: run.serviceId, runId: run.id }
    await emitEvent(tx, { kind: 'run.changed', ...about, data: { state: to } })
    await emitEvent(tx, { kind: 'service.changed', ...about, data: {} })
    await appendAudit(tx, {
      at: now,
      actor: automaticActor,
      action: 'run.supersede',
      subject: `run/${run.id}`,
      ...about,
      outcome: 'ok',
      data: { reason: why, incidentId: draft.incidentId },
    })
    return true
  })
}

/** What has happened since the draft was made; null while it still stands. */
async function overtakenBy(tx: Tx, run: RunRecord, incidentId: string): Promise<string | null> {
  const incident = await tx.incident.findUnique({ where: { id: incidentId }, select: { state: true } })
  if (incident?.state !== 'confirmed') return `The outage that it was drafted for is ${incident?.state ?? 'gone'}.`
  const service = await findService(tx, run.serviceId)
  if (service?.configDigest !== run.plan.configDigest)
    return 'The service’s configuration has changed since it was drafted.'
  if (service.writer && service.writer.serverId !== run.plan.from.serverId) {
    return `The writer is ${service.writer.serverId} by now.`
  }
  return null
}
