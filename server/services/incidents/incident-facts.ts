import type { GoodStreak, ProbeLook } from '@/server/domain/detect'
import type { RoleSighting } from '@/server/domain/detect-primaries'
import { probeFacts } from '@/server/domain/observation'
import type { Context } from '@/server/services/context'
import type { WatchedService } from '@/server/services/observations/watched-services'

type Reader = Pick<Context, 'db'>

/** The newest look of each vantage point at the public name and at each region's endpoint. */
export async function readLooks(ctx: Reader, service: WatchedService): Promise<ProbeLook[]> {
  const rows = await ctx.db.observation.findMany({
    where: { serviceId: service.id, kind: { in: ['public', 'endpoint'] } },
  })
  return rows.map((row) => {
    const facts = probeFacts.safeParse(row.facts)
    return {
      kind: row.kind === 'public' ? 'public' : 'endpoint',
      subject: row.subject,
      vantage: row.vantage,
      ok: row.ok,
      failure: row.failure,
      observedAt: row.observedAt.toISOString(),
      intervalMs: row.intervalMs,
      consecutiveFailures: facts.success ? facts.data.consecutiveFailures : row.ok ? 0 : 1,
    }
  })
}

/** How far back good looks in a row are counted: far more than the two that end an outage. */
const streakWindowMs = 120_000

/** Good looks in a row at the public name, up to now, of each vantage point whose newest look is good. */
export async function readGoodStreaks(ctx: Reader, service: WatchedService, nowMs: number): Promise<GoodStreak[]> {
  const from = new Date(nowMs - Math.max(streakWindowMs, 5 * service.config.probes.intervalMs))
  const rows = await ctx.db.$queryRaw<{ vantage: string; since: Date; count: number }[]>`
    SELECT vantage, min(observed_at) AS since, count(*)::int AS count
    FROM (
      SELECT vantage, observed_at,
             bool_and(ok) OVER (PARTITION BY vantage ORDER BY observed_at DESC, id DESC) AS good_since
      FROM probe_sample
      WHERE service_id = ${service.id} AND kind = 'public' AND subject = ${service.config.dns.name}
        AND observed_at >= ${from}
    ) AS looks
    WHERE good_since
    GROUP BY vantage`
  return rows.map((row) => ({ vantage: row.vantage, since: row.since.toISOString(), count: row.count }))
}

/** The last good look at the public name, from anywhere, before an instant: the RTO's clock starts there. Null when there is none. */
export async function readLastGoodAt(ctx: Reader, service: WatchedService, before: Date): Promise<Date | null> {
  const sample = await ctx.db.probeSample.findFirst({
    where: {
      serviceId: service.id,
      kind: 'public',
      subject: service.config.dns.name,
      ok: true,
      observedAt: { lt: before },
    },
    orderBy: { observedAt: 'desc' },
    select: { observedAt: true },
  })
  return sample?.observedAt ?? null
}

/** The newest position at which a server was seen as the primary, not after an instant. */
export async function readPrimaryPosition(
  ctx: Reader,
  serviceId: string,
  serverId: string,
  notAfter: Date,
): Promise<{ lsn: string; heartbeatAt: Date | null; observedAt: Date } | null> {
  return ctx.db.walPosition.findFirst({
    where: { serviceId, serverId, role: 'primary', observedAt: { lte: notAfter } },
    orderBy: { observedAt: 'desc' },
    select: { lsn: true, heartbeatAt: true, observedAt: true },
  })
}

/** Roles as the servers themselves told them lately. */
export async function readRoleSightings(ctx: Reader, serviceId: string, since: Date): Promise<RoleSighting[]> {
  const rows = await ctx.db.walPosition.findMany({
    where: { serviceId, observedAt: { gte: since } },
    select: { serverId: true, role: true, observedAt: true },
  })
  return rows.map((row) => ({
    serverId: row.serverId,
    role: row.role === 'primary' ? 'primary' : 'standby',
    at: row.observedAt.toISOString(),
  }))
}
