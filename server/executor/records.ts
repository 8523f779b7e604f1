import type { Tx } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import { writableOutput } from '@/server/domain/plan/failover-steps'
import type { PlanStep } from '@/server/domain/plan/types'
import type { Journal } from './journal'

/**
 * Lifeboat's own records that become true with a step, in the step's transaction. A writer is recorded only once it was *proved* to take writes,
 * under this run's generation: from then on every older word about the writer is refused.
 */
export function recordsOf(journal: Journal, step: PlanStep, output: JsonObject): (tx: Tx) => Promise<void> {
  return async (tx) => {
    if (step.stepId !== 'postgres.prove-writable') return
    const writer = writableOutput.parse(output)
    await tx.service.update({
      where: { id: journal.plan.service },
      data: {
        writerServerId: writer.serverId,
        writerRegion: writer.region,
        writerTimeline: writer.timeline,
        writerSystemIdentifier: writer.systemIdentifier,
        writerGeneration: journal.lease.generation,
        writerSince: new Date(writer.provedAt),
      },
    })
  }
}
