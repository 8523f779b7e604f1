import type { PromotionFact } from '@/server/domain/plan/facts'
import { failoverInputs, promoteOutput } from '@/server/domain/plan/failover-steps'
import { plan as planSchema } from '@/server/domain/plan/types'
import type { Tx } from '../tx'

/** A region that was away for longer than this many promotions is rebuilt by hand. */
const newest = 20

const promoteInput = failoverInputs['postgres.promote-candidate'].pick({ fencedServerId: true, timeline: true })

/** Promotions that runs of a service carried out, newest first. Facts of a journal that no longer parse are left out. */
export async function readPromotions(tx: Pick<Tx, 'runStep'>, serviceId: string): Promise<PromotionFact[]> {
  const rows = await tx.runStep.findMany({
    where: { stepId: 'postgres.promote-candidate', state: 'succeeded', run: { serviceId } },
    include: { run: { include: { plan: true } } },
    orderBy: { endedAt: 'desc' },
    take: newest,
  })
  return rows.flatMap((row) => {
    const output = promoteOutput.safeParse(row.output)
    const plan = planSchema.safeParse(row.run.plan.document)
    const input = promoteInput.safeParse(plan.data?.steps.find((step) => step.key === row.key)?.input)
    if (!output.success || !input.success) return []
    const { forkLsn, timeline: toTimeline, promotedAt } = output.data
    const { fencedServerId: fromServerId, timeline: fromTimeline } = input.data
    return [
      { runId: row.runId, incidentId: row.run.incidentId, fromServerId, fromTimeline, toTimeline, forkLsn, promotedAt },
    ]
  })
}
