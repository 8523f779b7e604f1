import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { toJson } from '@/server/domain/json'
import { type HandoverFacts, measureHandover } from '@/server/domain/measure/measure-handover'
import type { Measured } from '@/server/domain/measure/measure-run'
import { promoteOutput, writableOutput } from '@/server/domain/plan/failover-steps'
import { handoverEvidence, stopOutput } from '@/server/domain/plan/switchover-steps'
import { terminalRunStates } from '@/server/domain/run/states'
import type { IncidentContext } from './move'

/** Older runs were measured long ago, or cannot be. */
const measurableMs = 7 * 24 * 3_600_000

type StepRow = { stepId: string; state: string; output: unknown; endedAt: Date | null }

/**
 * Measures what ended planned handovers cost, from what their own steps wrote down; nothing has to be observed for it. Each is written once, by whichever worker
 * comes first.
 * @returns the runs that were measured now
 */
export async function measureHandovers(
  ctx: IncidentContext,
  serviceId: string,
): Promise<{ runId: string; measured: Measured }[]> {
  const runs = await ctx.db.run.findMany({
    where: {
      serviceId,
      kind: { not: 'failover' },
      state: { in: [...terminalRunStates] },
      endedAt: { gte: new Date(ctx.clock.now() - measurableMs) },
      steps: { some: { stepId: 'agent.stop-primary', state: { in: ['succeeded', 'compensated'] } } },
    },
    select: { id: true, version: true, measured: true, steps: true },
    orderBy: { endedAt: 'desc' },
    take: 20,
  })
  const written: { runId: string; measured: Measured }[] = []
  for (const run of runs) {
    if (run.measured !== null) continue
    const facts = factsOf(run.steps)
    const measured = facts && measureHandover(facts)
    if (measured && (await store(ctx, serviceId, run, measured))) written.push({ runId: run.id, measured })
  }
  return written
}

/** null when nothing was stopped: then nothing was held. */
function factsOf(steps: readonly StepRow[]): HandoverFacts | null {
  const find = (stepId: string): StepRow | undefined => steps.find((step) => step.stepId === stepId)
  const done = (stepId: string): unknown => {
    const step = find(stepId)
    return step?.state === 'succeeded' ? step.output : null
  }
  const stopped = find('agent.stop-primary')
  const stop = stopOutput.safeParse(stopped?.output)
  if (!stop.success) return null
  const proof = handoverEvidence.safeParse(done('postgres.prove-handover'))
  const promoted = promoteOutput.safeParse(done('postgres.promote-candidate'))
  const writable = writableOutput.safeParse(done('postgres.prove-writable'))
  return {
    stop: stop.data,
    proof: proof.success ? proof.data : null,
    promotedAt: promoted.success ? promoted.data.promotedAt : null,
    writableAt: writable.success ? writable.data.provedAt : null,
    takenBackAt: stopped?.state === 'compensated' ? (stopped.endedAt?.toISOString() ?? null) : null,
  }
}

/** @returns false when another worker changed the run meanwhile: it measured the same */
async function store(
  ctx: IncidentContext,
  serviceId: string,
  run: { id: string; version: number },
  measured: Measured,
): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    const updated = await tx.run.updateMany({
      where: { id: run.id, version: run.version },
      data: { measured, version: { increment: 1 } },
    })
    if (updated.count === 0) return false
    await emitEvent(tx, { kind: 'run.changed', serviceId, runId: run.id, data: {} })
    await appendAudit(tx, {
      at: new Date(ctx.clock.now()),
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
