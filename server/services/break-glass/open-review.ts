import { emitEvent } from '@/server/db/events'
import type { Tx } from '@/server/db/tx'
import { reviewDueAt } from '@/server/domain/break-glass-review'
import type { Plan } from '@/server/domain/plan/types'

type Opened = { runId: string; requesterId: string; requestedAt: Date; plan: Plan }

/** With a run that overrides rules: its review is owed from the first moment, and everybody is told. Nothing for any other run. */
export async function openReview(tx: Tx, { runId, requesterId, requestedAt, plan }: Opened): Promise<void> {
  if (plan.overrides.length === 0) return
  await tx.breakGlassReview.create({
    data: {
      runId,
      serviceId: plan.service,
      requesterId,
      requestedAt,
      dueAt: new Date(reviewDueAt(requestedAt.getTime())),
    },
  })
  const rules = plan.overrides.map((each) => each.code)
  await emitEvent(tx, { kind: 'run.changed', serviceId: plan.service, runId, data: { breakGlass: rules } })
}
