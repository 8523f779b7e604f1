import { appendAudit } from '@/server/db/audit'
import type { Tx } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import { promoteOutput } from '@/server/domain/plan/failover-steps'
import type { PlanStep } from '@/server/domain/plan/types'
import type { Journal } from './journal'
import type { LoadedRun, StepRow } from './load'

const hourMs = 3_600_000
const promoteId = 'postgres.promote-candidate'
/** A run that has made the old primary a standby again leaves nothing to go back to. */
const rejoinId = 'agent.rejoin-standby'

/**
 * The way back that this run leaves: it promoted another server and left the old primary as it was. null when it left none.
 * A run that rejoins the old primary itself (a switchover, a failback) has used it up.
 */
function wayBackOf(run: Pick<LoadedRun, 'plan' | 'steps' | 'config'>): WayBack | null {
  const { plan, steps, config } = run
  const done = plan.steps.find((step) => step.stepId === promoteId && steps.get(step.key)?.state === 'succeeded')
  if (!done || plan.steps.some((step) => rejoinsOld(step, steps, plan.from.serverId))) return null
  const promoted = promoteOutput.parse(steps.get(done.key)?.output)
  return {
    fencedServerId: plan.from.serverId,
    fencedRegion: plan.from.region,
    writerServerId: plan.to.serverId,
    forkLsn: promoted.forkLsn,
    forkedAt: promoted.promotedAt,
    hours: config.policies.commitWindowHours,
  }
}

type WayBack = {
  fencedServerId: string
  fencedRegion: string
  writerServerId: string
  forkLsn: string
  forkedAt: string
  hours: number
}

function rejoinsOld(step: PlanStep, steps: Map<string, StepRow>, serverId: string): boolean {
  return step.stepId === rejoinId && step.input.serverId === serverId && steps.get(step.key)?.state === 'succeeded'
}

/** Opens the window together with the run's success. An older one of the same service ends here: what it led back to has been left twice. */
export function openCommitWindow(journal: Journal, run: LoadedRun): (tx: Tx) => Promise<void> {
  return async (tx) => {
    const way = wayBackOf(run)
    if (!way || way.hours === 0) return
    const at = new Date(journal.deps.clock.now())
    await endOlder(journal, tx, at)
    const endsAt = new Date(at.getTime() + way.hours * hourMs)
    const { hours: _, forkedAt, ...columns } = way
    await tx.commitWindow.create({
      data: {
        ...columns,
        runId: run.id,
        serviceId: run.serviceId,
        forkedAt: new Date(forkedAt),
        openedAt: at,
        endsAt,
      },
    })
    await write(journal, tx, at, 'commit-window.open', {
      serverId: way.fencedServerId,
      forkLsn: way.forkLsn,
      endsAt: endsAt.toISOString(),
    })
  }
}

async function endOlder(journal: Journal, tx: Tx, at: Date): Promise<void> {
  const reason = `Run ${journal.lease.runId} moved the writer again.`
  const ended = await tx.commitWindow.updateMany({
    where: { serviceId: journal.plan.service, state: 'open' },
    data: { state: 'ended', decidedAt: at, decidedBy: journal.deps.worker, reason },
  })
  if (ended.count > 0) await write(journal, tx, at, 'commit-window.end', { reason })
}

async function write(journal: Journal, tx: Tx, at: Date, action: string, data: JsonObject): Promise<void> {
  const { lease, deps, plan } = journal
  const about = { subject: `service/${plan.service}`, serviceId: plan.service, runId: lease.runId }
  await appendAudit(tx, { at, actor: deps.worker, action, ...about, outcome: 'ok', data })
}
