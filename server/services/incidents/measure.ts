import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { toJson } from '@/server/domain/json'
import { type Measured, measureRun, type RpoFacts } from '@/server/domain/measure/measure-run'
import { type Plan, plan as planSchema } from '@/server/domain/plan/types'
import type { HostAgent } from '@/server/ports/managed'
import type { WatchedService } from '@/server/services/observations/watched-services'
import {
  type Promotion,
  readEdgeGapSeconds,
  readFirstGoodAt,
  readPromotion,
  readRpoGap,
  readVerifiedAt,
} from './measure-facts'
import type { IncidentContext } from './move'
import { readDivergence } from './read-divergence'
import type { UnmeasuredRun } from './unmeasured-runs'

/** Whether the old server is asked for what it has and its successor does not: that reads WAL, so not at every look. */
type Asking = { agent: HostAgent } | null

/**
 * Measures what a run's event cost, from what was recorded, and keeps it with the run and its incident. First as soon as the service is good
 * again; once more, with the exact loss, when the old server can be read. Nothing is written while nothing new is known.
 * @returns what was written, or null
 */
export async function measureFinishedRun(
  ctx: IncidentContext,
  service: WatchedService,
  run: UnmeasuredRun,
  asking: Asking,
): Promise<Measured | null> {
  const plan = planSchema.safeParse(run.planDocument)
  if (!plan.success) return null
  const promotion = await readPromotion(ctx, run.id)
  if (!promotion) return null
  const after = new Date(Math.max(promotion.promotedAt.getTime(), run.incident.lastGoodAt?.getTime() ?? 0))
  const firstGoodAt = await readFirstGoodAt(ctx, service, plan.data.to.region, after)
  if (!firstGoodAt) return null
  const divergence = asking ? await readDivergence(ctx, plan.data, promotion, asking.agent) : null
  if (run.measured && !divergence) return null
  const measured = await compute(ctx, service, run, plan.data, promotion, firstGoodAt, divergence)
  return (await store(ctx, run, measured)) ? measured : null
}

async function compute(
  ctx: IncidentContext,
  service: WatchedService,
  run: UnmeasuredRun,
  plan: Plan,
  promotion: Promotion,
  firstGoodAt: Date,
  divergence: RpoFacts['divergence'],
): Promise<Measured> {
  const { incident } = run
  return measureRun({
    incident: {
      lastGoodAt: iso(incident.lastGoodAt),
      openedAt: incident.openedAt.toISOString(),
      confirmedAt: iso(incident.confirmedAt),
      acknowledgedAt: iso(incident.acknowledgedAt),
    },
    run: {
      requestedAt: run.requestedAt.toISOString(),
      approvedAt: iso(run.approvedAt),
      startedAt: iso(run.startedAt),
      endedAt: iso(run.endedAt),
    },
    firstGoodAt: firstGoodAt.toISOString(),
    verifiedAt: iso(await readVerifiedAt(ctx, run.id)),
    probeIntervalMs: incident.probeIntervalMs,
    edgeGapSeconds: await readEdgeGapSeconds(ctx, service, incident.lastGoodAt, firstGoodAt),
    rpo: { ...(await readRpoGap(ctx, service, plan, promotion)), divergence },
  })
}

/** @returns false when another worker changed the run meanwhile: it measured the same */
async function store(ctx: IncidentContext, run: UnmeasuredRun, measured: Measured): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    const written = await tx.run.updateMany({
      where: { id: run.id, version: run.version },
      data: { measured, version: { increment: 1 } },
    })
    if (written.count === 0) return false
    const { serviceId } = run
    const at = new Date(ctx.clock.now())
    await tx.incident.update({ where: { id: run.incident.id }, data: { measured } })
    await tx.incidentEvent.create({
      data: { incidentId: run.incident.id, at, kind: 'measure', message: sentence(measured), actor: ctx.actor },
    })
    await emitEvent(tx, { kind: 'run.changed', serviceId, runId: run.id, data: {} })
    await emitEvent(tx, { kind: 'incident.changed', serviceId, runId: null, data: { incidentId: run.incident.id } })
    await appendAudit(tx, {
      at,
      actor: ctx.actor,
      action: 'run.measure',
      subject: `run/${run.id}`,
      serviceId,
      runId: run.id,
      outcome: 'ok',
      data: { rtoSeconds: measured.rtoSeconds, rpo: toJson(measured.rpo) },
    })
    return true
  })
}

function sentence({ rtoSeconds, rpo }: Measured): string {
  const time = rtoSeconds === null ? 'How long it was down is not known' : `Down for ${rtoSeconds} s as users reach it`
  const loss =
    rpo.certainty === 'unknown'
      ? 'what was lost is not known'
      : `${rpo.certainty === 'exact' ? 'lost' : 'lost at least'} ${rpo.rows === null ? `${rpo.bytes ?? 0} bytes of WAL` : `${rpo.rows} rows`}`
  return `${time}; ${loss}.`
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null
}
