import { type Actor, actor as actorSchema } from '@/server/domain/actor'
import { type Plan, plan as planSchema } from '@/server/domain/plan/types'
import type { RunFacts } from '@/server/domain/run/can'
import { activeRunStates, type RunState, runStates, type StepState, stepStates } from '@/server/domain/run/states'
import type { Tx } from '../tx'

/** A run with its plan, steps and approvals, parsed into the words of the domain. */
export type RunRecord = {
  id: string
  serviceId: string
  kind: string
  state: RunState
  direction: 'forward' | 'backward'
  digest: string
  requesterId: string
  requester: Actor
  expiresAt: Date
  request: 'pause' | 'abort' | null
  plan: Plan
  /** As it is stored: what a digest is computed over. */
  planDocument: unknown
  steps: { key: string; state: StepState }[]
  approvals: { userId: string; decision: string; digest: string; expiresAt: Date }[]
}

/**
 * Reads a run and keeps others from moving it until the transaction ends. The service's lease row is locked first: the executor takes them in
 * the same order. null when there is no such run.
 */
export async function lockRun(tx: Tx, runId: string): Promise<RunRecord | null> {
  const found = await tx.run.findUnique({ where: { id: runId }, select: { serviceId: true } })
  if (!found) return null
  await tx.$queryRaw`SELECT 1 FROM service_lease WHERE service_id = ${found.serviceId} FOR UPDATE`
  await tx.$queryRaw`SELECT 1 FROM run WHERE id = ${runId} FOR UPDATE`
  return readRun(tx, runId)
}

/** The same without the locks. */
export async function readRun(tx: Pick<Tx, 'run'>, runId: string): Promise<RunRecord | null> {
  const row = await tx.run.findUnique({
    where: { id: runId },
    include: { plan: true, steps: { orderBy: { position: 'asc' } }, approvals: true },
  })
  if (!row) return null
  return {
    id: row.id,
    serviceId: row.serviceId,
    kind: row.kind,
    state: member(runStates, row.state),
    direction: row.direction === 'backward' ? 'backward' : 'forward',
    digest: row.digest,
    requesterId: row.requesterId,
    requester: actorSchema.parse(row.requester),
    expiresAt: row.expiresAt,
    request: row.request === 'pause' || row.request === 'abort' ? row.request : null,
    plan: planSchema.parse(row.plan.document),
    planDocument: row.plan.document,
    steps: row.steps.map((step) => ({ key: step.key, state: member(stepStates, step.state) })),
    approvals: row.approvals.map(({ userId, decision, digest, expiresAt }) => ({
      userId,
      decision,
      digest,
      expiresAt,
    })),
  }
}

/** The run that holds, or is about to hold, the service; at most one. */
export async function findActiveRun(
  tx: Pick<Tx, 'run'>,
  serviceId: string,
): Promise<{ id: string; kind: string; state: string } | null> {
  return tx.run.findFirst({
    where: { serviceId, state: { in: [...activeRunStates] } },
    select: { id: true, kind: true, state: true },
  })
}

/** What the rules look at. */
export function runFacts(run: RunRecord): RunFacts {
  const stateOf = (key: string): StepState => run.steps.find((step) => step.key === key)?.state ?? 'pending'
  return {
    service: run.serviceId,
    state: run.state,
    requesterId: run.requesterId,
    expiresAtMs: run.expiresAt.getTime(),
    request: run.request,
    direction: run.direction,
    pointOfNoReturnPassed: run.plan.steps.some((step) => step.pointOfNoReturn && stateOf(step.key) !== 'pending'),
    failedStep: run.plan.steps.find((step) => stateOf(step.key) === 'failed')?.title ?? null,
    deciderIds: run.approvals.map((each) => each.userId),
  }
}

function member<T extends string>(values: readonly T[], value: string): T {
  const found = values.find((each) => each === value)
  if (!found) throw new TypeError(`${value} is not one of ${values.join(', ')}`)
  return found
}

/** How many past runs the expectation is drawn from: enough for a median, few enough to follow a change. */
const historyRuns = 10

/** Seconds that each step took in the last succeeded runs of a service, by step id, newest last. */
export async function readStepHistory(tx: Pick<Tx, 'runStep'>, serviceId: string): Promise<Record<string, number[]>> {
  const rows = await tx.runStep.findMany({
    where: {
      run: { serviceId, state: 'succeeded' },
      state: 'succeeded',
      startedAt: { not: null },
      endedAt: { not: null },
    },
    select: { stepId: true, startedAt: true, endedAt: true },
    orderBy: { startedAt: 'desc' },
    take: historyRuns * 20,
  })
  const history: Record<string, number[]> = {}
  for (const row of rows.reverse()) {
    if (!row.startedAt || !row.endedAt) continue
    history[row.stepId] = [...(history[row.stepId] ?? []), (row.endedAt.getTime() - row.startedAt.getTime()) / 1000]
  }
  return history
}
