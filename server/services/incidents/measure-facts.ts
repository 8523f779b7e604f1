import { agentIntervalMs } from '@/server/domain/agent-interval'
import { lsnDiffBytes } from '@/server/domain/lsn'
import type { RpoFacts } from '@/server/domain/measure/measure-run'
import { promoteOutput } from '@/server/domain/plan/failover-steps'
import type { Plan } from '@/server/domain/plan/types'
import type { Context } from '@/server/services/context'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { readPrimaryPosition } from './incident-facts'

type Reader = Pick<Context, 'db'>
export type Promotion = { forkLsn: string; promotedAt: Date }

/** Where and when the successor branched off; null when the run never promoted anything. */
export async function readPromotion(ctx: Reader, runId: string): Promise<Promotion | null> {
  const step = await ctx.db.runStep.findFirst({
    where: { runId, stepId: 'postgres.promote-candidate', state: 'succeeded' },
    select: { output: true },
  })
  const output = promoteOutput.safeParse(step?.output)
  return output.success ? { forkLsn: output.data.forkLsn, promotedAt: new Date(output.data.promotedAt) } : null
}

/** When the run's own synthetic check succeeded; null when it did not, or was skipped. */
export async function readVerifiedAt(ctx: Reader, runId: string): Promise<Date | null> {
  const step = await ctx.db.runStep.findFirst({
    where: { runId, stepId: 'service.verify-synthetic', state: 'succeeded' },
    select: { endedAt: true },
  })
  return step?.endedAt ?? null
}

/**
 * The first good look at the public name after an instant that was answered from the region and followed by another good one from the same
 * vantage point: one lucky answer ends no outage. Null while there is none.
 */
export async function readFirstGoodAt(
  ctx: Reader,
  service: WatchedService,
  regionId: string,
  after: Date,
): Promise<Date | null> {
  const answers = service.config.regions.find((region) => region.id === regionId)?.answers ?? []
  const rows = await ctx.db.$queryRaw<{ at: Date | null }[]>`
    SELECT min(observed_at) AS at
    FROM (
      SELECT observed_at, ok, address,
             lead(ok) OVER (PARTITION BY vantage ORDER BY observed_at, id) AS next_ok
      FROM probe_sample
      WHERE service_id = ${service.id} AND kind = 'public' AND subject = ${service.config.dns.name}
        AND observed_at > ${after} AND observed_at < ${new Date(after.getTime() + 24 * 3_600_000)}
    ) AS looks
    WHERE ok AND next_ok AND address = ANY(${answers})`
  return rows[0]?.at ?? null
}

/**
 * How long nobody looked at the public name at the edges of an outage, whichever is longer: after the last good look, and before the first good one.
 * Looks of all vantage points count. Null when no look fell in between.
 */
export async function readEdgeGapSeconds(
  ctx: Reader,
  service: WatchedService,
  lastGoodAt: Date | null,
  firstGoodAt: Date,
): Promise<number | null> {
  if (!lastGoodAt) return null
  const within = { gt: lastGoodAt, lt: firstGoodAt }
  const { _min, _max } = await ctx.db.probeSample.aggregate({
    where: { serviceId: service.id, kind: 'public', subject: service.config.dns.name, observedAt: within },
    _min: { observedAt: true },
    _max: { observedAt: true },
  })
  if (!_min.observedAt || !_max.observedAt) return null
  return Math.max(secondsAfter(lastGoodAt, _min.observedAt) ?? 0, secondsAfter(_max.observedAt, firstGoodAt) ?? 0)
}

/**
 * The loss as it can be bounded from outside: the old primary's last known position and heartbeat against the position at which its
 * successor branched off and the newest heartbeat that one had.
 */
export async function readRpoGap(
  ctx: Reader,
  service: WatchedService,
  plan: Plan,
  promotion: Promotion,
): Promise<Omit<RpoFacts, 'divergence'>> {
  const old = await readPrimaryPosition(ctx, plan.service, plan.from.serverId, promotion.promotedAt)
  if (!old) return { primaryLsnGapBytes: null, heartbeatGapSeconds: null, boundSeconds: null }
  const candidate = await readCandidateHeartbeat(ctx, plan, promotion)
  // The next look was due within one interval of the last one that was answered, and found nobody.
  const goneAt = new Date(old.observedAt.getTime() + agentIntervalMs(service.config.probes.intervalMs))
  return {
    primaryLsnGapBytes: lsnDiffBytes(old.lsn, promotion.forkLsn),
    heartbeatGapSeconds: secondsAfter(candidate, old.heartbeatAt),
    boundSeconds: secondsAfter(candidate, goneAt),
  }
}

function secondsAfter(from: Date | null, to: Date | null): number | null {
  return from && to ? Math.max(0, to.getTime() - from.getTime()) / 1000 : null
}

/** The newest heartbeat that the candidate had replayed when it was promoted. */
export async function readCandidateHeartbeat(ctx: Reader, plan: Plan, promotion: Promotion): Promise<Date | null> {
  const position = await ctx.db.walPosition.findFirst({
    where: {
      serviceId: plan.service,
      serverId: plan.to.serverId,
      role: 'standby',
      heartbeatAt: { not: null },
      observedAt: { lte: promotion.promotedAt },
    },
    orderBy: { observedAt: 'desc' },
    select: { heartbeatAt: true },
  })
  return position?.heartbeatAt ?? null
}
