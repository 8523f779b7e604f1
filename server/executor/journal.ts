import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { noJson } from '@/server/db/json'
import type { Tx } from '@/server/db/tx'
import { type Json, type JsonObject, toJson } from '@/server/domain/json'
import type { Plan, PlanStep } from '@/server/domain/plan/types'
import { nextState, type RunState, runTransitions, type StepState, stepTransitions } from '@/server/domain/run/states'
import { type Lease, underLease } from './lease'
import { type ExecutorDeps, LeaseLost } from './types'

/**
 * The journal of one run: every write is made under the lease, moves a state by a row of its table, and commits together with its audit entry
 * and its event. What is not in here did not happen; what was begun in here is observed before it is done again.
 */
export type Journal = { deps: ExecutorDeps; lease: Lease; plan: Plan }

export type StepError = { kind: string; message: string; phase?: string }

type Change = {
  action: string
  outcome: 'ok' | 'failed'
  data: JsonObject
  /** Further rows that become true with it. */
  also?(tx: Tx): Promise<void>
}

async function record(journal: Journal, tx: Tx, kind: string, change: Change, stepKey?: string): Promise<void> {
  const { lease, deps, plan } = journal
  await change.also?.(tx)
  await emitEvent(tx, { kind, serviceId: plan.service, runId: lease.runId, data: stepKey ? { step: stepKey } : {} })
  await appendAudit(tx, {
    at: new Date(deps.clock.now()),
    actor: deps.worker,
    action: change.action,
    subject: stepKey ? `run/${lease.runId}/${stepKey}` : `run/${lease.runId}`,
    serviceId: plan.service,
    runId: lease.runId,
    outcome: change.outcome,
    data: { ...change.data, generation: lease.generation },
  })
}

/** Moves the run along one row of its table. @throws LeaseLost when the state is no longer what the row begins with */
export async function moveRun(
  journal: Journal,
  from: RunState,
  on: string,
  fields: { stateReason?: string | null; direction?: string; startedAt?: Date; endedAt?: Date; clearRequest?: boolean },
  change: Change,
): Promise<void> {
  const to = nextState(runTransitions, from, on)
  if (to === null) throw new TypeError(`A run has no transition ${from} → ${on}`)
  const { clearRequest, ...columns } = fields
  await underLease(journal.deps, journal.lease, change.action, async (tx) => {
    const moved = await tx.run.updateMany({
      where: { id: journal.lease.runId, state: from },
      data: {
        ...columns,
        state: to,
        generation: journal.lease.generation,
        version: { increment: 1 },
        ...(clearRequest ? { request: null, requestBy: noJson, requestReason: null } : {}),
      },
    })
    if (moved.count === 0) throw new LeaseLost(`The run is no longer ${from}`)
    await record(journal, tx, 'run.changed', change)
  })
}

/** Notes something about the run without moving it: turning backward, a takeover. */
export async function noteRun(
  journal: Journal,
  fields: { direction?: string; stateReason?: string | null },
  change: Change,
): Promise<void> {
  await underLease(journal.deps, journal.lease, change.action, async (tx) => {
    await tx.run.update({
      where: { id: journal.lease.runId },
      data: { ...fields, generation: journal.lease.generation, version: { increment: 1 } },
    })
    await record(journal, tx, 'run.changed', change)
  })
}

type StepFields = {
  startedAt?: Date
  endedAt?: Date | null
  deadlineAt?: Date
  attempts?: number
  output?: JsonObject
  error?: StepError | null
  progress?: string | null
  progressPart?: number | null
}

/** Moves a step along one row of its table, with an attempt row opened or closed in the same transaction. */
export async function moveStep(
  journal: Journal,
  step: PlanStep,
  from: StepState,
  on: string,
  fields: StepFields,
  change: Change & { attempt?: AttemptChange },
): Promise<StepState> {
  const to = nextState(stepTransitions, from, on)
  if (to === null) throw new TypeError(`A step has no transition ${from} → ${on}`)
  const runId = journal.lease.runId
  await underLease(journal.deps, journal.lease, change.action, async (tx) => {
    const { error, output, ...columns } = fields
    const moved = await tx.runStep.updateMany({
      where: { runId, key: step.key, state: from },
      data: {
        ...columns,
        state: to,
        progressAt: new Date(journal.deps.clock.now()),
        ...(output === undefined ? {} : { output }),
        ...(error === undefined ? {} : { error: error === null ? noJson : toObject(error) }),
      },
    })
    if (moved.count === 0) throw new LeaseLost(`Step ${step.key} is no longer ${from}`)
    await tx.run.update({ where: { id: runId }, data: { version: { increment: 1 } } })
    if (change.attempt) await writeAttempt(journal, tx, step, change.attempt)
    await record(journal, tx, 'step.changed', change, step.key)
  })
  return to
}

type AttemptChange =
  | { open: number; direction: 'forward' | 'backward' }
  | { close: number; direction: 'forward' | 'backward'; outcome: string; error?: StepError }

async function writeAttempt(journal: Journal, tx: Tx, step: PlanStep, attempt: AttemptChange): Promise<void> {
  const now = new Date(journal.deps.clock.now())
  const where = { runId: journal.lease.runId, key: step.key, direction: attempt.direction }
  if ('open' in attempt) {
    // An attempt that a dead worker left open is closed by whoever comes after it.
    await tx.stepAttempt.updateMany({
      where: { ...where, endedAt: null },
      data: { endedAt: now, outcome: 'interrupted' },
    })
    await tx.stepAttempt.create({
      data: {
        ...where,
        number: attempt.open,
        workerId: journal.deps.worker.id,
        generation: journal.lease.generation,
        startedAt: now,
      },
    })
    return
  }
  await tx.stepAttempt.updateMany({
    where: { ...where, number: attempt.close },
    data: { endedAt: now, outcome: attempt.outcome, ...(attempt.error ? { error: toObject(attempt.error) } : {}) },
  })
}

/** What a step waits for, for the page: no audit entry, since nothing was decided or done. */
export async function noteProgress(
  journal: Journal,
  step: PlanStep,
  progress: string,
  part: number | null,
): Promise<void> {
  await underLease(journal.deps, journal.lease, 'progress', async (tx) => {
    await tx.runStep.update({
      where: { runId_key: { runId: journal.lease.runId, key: step.key } },
      data: { progress, progressPart: part, progressAt: new Date(journal.deps.clock.now()) },
    })
    await emitEvent(tx, {
      kind: 'step.changed',
      serviceId: journal.plan.service,
      runId: journal.lease.runId,
      data: { step: step.key },
    })
  })
}

export function toObject(value: unknown): JsonObject {
  const json: Json = toJson(value)
  return json !== null && typeof json === 'object' && !Array.isArray(json) ? json : { value: json }
}
