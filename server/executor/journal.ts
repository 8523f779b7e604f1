import { appendAudit } from '@/server/db/audit'
import type { NewEvent } from '@/server/db/events'
import {
  type AttemptMove,
  changeRunRow,
  moveStepRow,
  noteStepProgress,
  type RunColumns,
  type StepColumns,
} from '@/server/db/repositories/journal'
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

function eventOf({ lease, plan }: Journal, stepKey?: string): NewEvent {
  const data: JsonObject = stepKey ? { step: stepKey } : {}
  return { kind: stepKey ? 'step.changed' : 'run.changed', serviceId: plan.service, runId: lease.runId, data }
}

async function changeRun(
  journal: Journal,
  columns: RunColumns,
  change: Change,
  move?: { from: RunState; to: RunState },
): Promise<void> {
  const { deps, lease } = journal
  await underLease(deps, lease, change.action, async (tx) => {
    const { generation } = lease
    const changed = await changeRunRow(tx, lease.runId, { generation, move, columns, event: eventOf(journal) })
    if (!changed) throw new LeaseLost(`The run is no longer ${move?.from ?? 'there'}`)
    await change.also?.(tx)
    await audit(journal, tx, change)
  })
}

async function audit(journal: Journal, tx: Tx, change: Change, stepKey?: string): Promise<void> {
  const { lease, deps, plan } = journal
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
  columns: RunColumns,
  change: Change,
): Promise<void> {
  const to = nextState(runTransitions, from, on)
  if (to === null) throw new TypeError(`A run has no transition ${from} → ${on}`)
  await changeRun(journal, columns, change, { from, to })
}

/** Notes something about the run without moving it: turning backward, a takeover. */
export async function noteRun(
  journal: Journal,
  columns: Pick<RunColumns, 'direction' | 'stateReason'>,
  change: Change,
): Promise<void> {
  await changeRun(journal, columns, change)
}

type StepFields = Omit<StepColumns, 'error'> & { error?: StepError | null }
type AttemptChange =
  | { open: number; direction: 'forward' | 'backward' }
  | { close: number; direction: 'forward' | 'backward'; outcome: string; error?: StepError }

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
  const { lease, deps } = journal
  const { error, ...columns } = fields
  await underLease(deps, lease, change.action, async (tx) => {
    const moved = await moveStepRow(tx, {
      runId: lease.runId,
      key: step.key,
      from,
      to,
      at: new Date(deps.clock.now()),
      columns: { ...columns, ...(error === undefined ? {} : { error: error === null ? null : toObject(error) }) },
      attempt: change.attempt && attemptMove(journal, change.attempt),
      event: eventOf(journal, step.key),
    })
    if (!moved) throw new LeaseLost(`Step ${step.key} is no longer ${from}`)
    await change.also?.(tx)
    await audit(journal, tx, change, step.key)
  })
  return to
}

function attemptMove({ deps, lease }: Journal, attempt: AttemptChange): AttemptMove {
  if ('open' in attempt) return { ...attempt, workerId: deps.worker.id, generation: lease.generation }
  const { error, ...rest } = attempt
  return { ...rest, ...(error && { error: toObject(error) }) }
}

/** What a step waits for, for the page: no audit entry, since nothing was decided or done. */
export async function noteProgress(
  journal: Journal,
  step: PlanStep,
  progress: string,
  part: number | null,
): Promise<void> {
  await underLease(journal.deps, journal.lease, 'progress', async (tx) => {
    const columns = { progress, progressPart: part }
    const at = new Date(journal.deps.clock.now())
    const event = eventOf(journal, step.key)
    await noteStepProgress(tx, { runId: journal.lease.runId, key: step.key, at, columns, event })
  })
}

export function toObject(value: unknown): JsonObject {
  const json: Json = toJson(value)
  return json !== null && typeof json === 'object' && !Array.isArray(json) ? json : { value: json }
}
