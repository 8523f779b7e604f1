import type { Context } from '@/server/services/context'

/** Runs that are approved or running while nobody leads them. Time is the control database's own: no worker's clock matters. */
export async function findWaitingRuns(ctx: Pick<Context, 'db'>): Promise<string[]> {
  const rows = await ctx.db.$queryRaw<{ id: string }[]>`
    SELECT run.id
    FROM run LEFT JOIN service_lease AS lease ON lease.service_id = run.service_id
    WHERE run.state IN ('approved', 'running')
      AND (lease.holder IS NULL OR lease.expires_at IS NULL OR lease.expires_at < clock_timestamp())
    ORDER BY run.requested_at`
  return rows.map((row) => row.id)
}
