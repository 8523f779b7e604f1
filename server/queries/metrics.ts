import { type Bucketing, type BucketRow, bucketing, fillGaps } from '@/server/domain/view/buckets'
import type { Context } from '@/server/services/context'
import { ServiceError } from '@/server/services/errors'
import { notFound, servicesWith } from './access'
import type { MetricsView } from './dto/service'

export const metricNames = ['lag_seconds', 'lag_bytes', 'probe_latency_ms', 'up'] as const
type MetricName = (typeof metricNames)[number]
const units: Record<MetricName, string> = { lag_seconds: 's', lag_bytes: 'B', probe_latency_ms: 'ms', up: 'ratio' }

/** Raw samples are kept for a week; a wider question would only read gaps. */
const widestMs = 8 * 24 * 3_600_000

type MetricsFilter = { from: string; to: string; stepMs: number | null; names: readonly MetricName[] }

/**
 * Series of a service, one a subject (a server, or a name as one vantage point sees it). A bucket's `up` is the part of its probes that were
 * answered; a bucket without probes is a gap. @throws ServiceError not-found, invalid
 */
export async function getMetrics(ctx: Context, service: string, filter: MetricsFilter): Promise<MetricsView> {
  const readable = servicesWith(ctx.grants, 'service.read')
  const exists = await ctx.db.service.count({ where: { id: service } })
  if (exists === 0 || (readable && !readable.includes(service))) throw notFound('service')
  const buckets = bucketingOf(filter)
  const series = await Promise.all(
    filter.names.map(async (name) => {
      const rows = await readBuckets(ctx, name, service, buckets)
      return [...fillGaps(buckets, rows)].map(([subject, points]) => ({ name, unit: units[name], subject, points }))
    }),
  )
  return {
    from: new Date(buckets.fromMs).toISOString(),
    to: new Date(buckets.toMs).toISOString(),
    stepMs: buckets.stepMs,
    series: series.flat(),
  }
}

/** Lag of the last quarter of an hour, for the small chart of a list. */
export async function recentLag(ctx: Context, service: string): Promise<{ at: string; value: number | null }[]> {
  const nowMs = ctx.clock.now()
  const buckets = bucketing(nowMs - 15 * 60_000, nowMs, 15_000)
  const rows = await readBuckets(ctx, 'lag_seconds', service, buckets)
  const worst = new Map<number, number>()
  for (const row of rows) worst.set(row.bucket, Math.max(row.max, worst.get(row.bucket) ?? 0))
  return Array.from({ length: buckets.count }, (_, index) => ({
    at: new Date(buckets.fromMs + index * buckets.stepMs).toISOString(),
    value: worst.get(index) ?? null,
  }))
}

function bucketingOf(filter: MetricsFilter): Bucketing {
  const fromMs = Date.parse(filter.from)
  const toMs = Date.parse(filter.to)
  if (toMs > fromMs && toMs - fromMs <= widestMs) return bucketing(fromMs, toMs, filter.stepMs)
  throw new ServiceError(
    'invalid',
    toMs > fromMs ? 'The range is wider than 8 days.' : 'The range ends before it begins.',
    'Nothing was read.',
    'Ask for a range of at most 8 days, from before to.',
  )
}

async function readBuckets(ctx: Context, name: MetricName, service: string, buckets: Bucketing): Promise<BucketRow[]> {
  const from = new Date(buckets.fromMs)
  const to = new Date(buckets.toMs)
  const step = buckets.stepMs / 1000
  switch (name) {
    case 'lag_seconds':
      return ctx.db.$queryRaw<BucketRow[]>`
        SELECT floor(extract(epoch FROM observed_at - ${from}::timestamptz) / ${step}::float8)::int AS bucket, server_id AS subject,
               avg(lag_ms) / 1000 AS avg, min(lag_ms) / 1000 AS min, max(lag_ms) / 1000 AS max
        FROM wal_position
        WHERE service_id = ${service} AND lag_ms IS NOT NULL AND observed_at >= ${from} AND observed_at < ${to}
        GROUP BY 1, 2`
    case 'lag_bytes':
      return ctx.db.$queryRaw<BucketRow[]>`
        SELECT floor(extract(epoch FROM observed_at - ${from}::timestamptz) / ${step}::float8)::int AS bucket, server_id AS subject,
               avg(lag_bytes)::float8 AS avg, min(lag_bytes)::float8 AS min, max(lag_bytes)::float8 AS max
        FROM wal_position
        WHERE service_id = ${service} AND lag_bytes IS NOT NULL AND observed_at >= ${from} AND observed_at < ${to}
        GROUP BY 1, 2`
    case 'probe_latency_ms':
      return ctx.db.$queryRaw<BucketRow[]>`
        SELECT floor(extract(epoch FROM observed_at - ${from}::timestamptz) / ${step}::float8)::int AS bucket,
               subject || ' from ' || vantage AS subject,
               avg(latency_ms) AS avg, min(latency_ms) AS min, max(latency_ms) AS max
        FROM probe_sample
        WHERE service_id = ${service} AND ok AND observed_at >= ${from} AND observed_at < ${to}
        GROUP BY 1, 2`
    case 'up':
      return ctx.db.$queryRaw<BucketRow[]>`
        SELECT floor(extract(epoch FROM observed_at - ${from}::timestamptz) / ${step}::float8)::int AS bucket,
               subject || ' from ' || vantage AS subject,
               avg(ok::int)::float8 AS avg, min(ok::int)::float8 AS min, max(ok::int)::float8 AS max
        FROM probe_sample
        WHERE service_id = ${service} AND observed_at >= ${from} AND observed_at < ${to}
        GROUP BY 1, 2`
  }
}
