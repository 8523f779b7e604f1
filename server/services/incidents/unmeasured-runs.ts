import { z } from 'zod'
import { terminalRunStates } from '@/server/domain/run/states'
import type { Context } from '@/server/services/context'

/** After a week the series that a measure is made from are gone. */
const measurableMs = 7 * 24 * 3_600_000

/** Just enough of a stored measure to see whether it is the last word. */
const storedMeasure = z.object({ rpo: z.object({ certainty: z.string() }) })

/** Finished failovers of a service that belong to an incident and whose loss is not known exactly yet. */
export async function findUnmeasuredRuns(ctx: Pick<Context, 'db' | 'clock'>, serviceId: string) {
  const rows = await ctx.db.run.findMany({
    where: {
      serviceId,
      kind: 'failover',
      state: { in: [...terminalRunStates] },
      incidentId: { not: null },
      endedAt: { gte: new Date(ctx.clock.now() - measurableMs) },
    },
    include: { plan: { select: { document: true } }, incident: true },
    orderBy: { endedAt: 'desc' },
    take: 20,
  })
  return rows.flatMap((row) => {
    const { incident, plan, ...run } = row
    const stored = storedMeasure.safeParse(run.measured)
    const measured = stored.success ? stored.data : null
    if (!incident || measured?.rpo.certainty === 'exact') return []
    return [{ ...run, incident, planDocument: plan.document, measured }]
  })
}

export type UnmeasuredRun = Awaited<ReturnType<typeof findUnmeasuredRuns>>[number]
