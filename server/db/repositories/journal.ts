import type { JsonObject } from '@/server/domain/json'
import { madeEvent, type NewEvent, toldEvent } from '../events'
import { Prisma } from '../generated/client'
import type { Tx } from '../tx'

/** What changes of a step's row; what is not named stays. */
export type StepColumns = {
  startedAt?: Date
  endedAt?: Date | null
  deadlineAt?: Date
  attempts?: number
  output?: JsonObject
  error?: JsonObject | null
  progress?: string | null
  progressPart?: number | null
}

export type AttemptMove =
  | { open: number; direction: 'forward' | 'backward'; workerId: string; generation: number }
  | { close: number; direction: 'forward' | 'backward'; outcome: string; error?: JsonObject }

export type StepMove = {
  runId: string
  key: string
  from: string
  to: string
  at: Date
  columns: StepColumns
  attempt?: AttemptMove
  event: NewEvent
}

/**
 * Moves a step with everything that becomes true with it: its attempt, the run's version, the event. One statement, since each costs a round trip and
 * lies between an outage and its end. Its parts touch different tables, so their order does not matter; the caller holds the lease's lock.
 * @returns false when the step is no longer `from`: the caller gives up the transaction, for the other parts were written
 */
export async function moveStepRow(tx: Tx, move: StepMove): Promise<boolean> {
  const { runId, key, from, to, at, attempt } = move
  const moved = await tx.$queryRaw<unknown[]>`
    WITH moved AS (
      UPDATE run_step SET ${assignments(move.columns)} state = ${to}, progress_at = ${at}
       WHERE run_id = ${runId} AND key = ${key} AND state = ${from}
      RETURNING key),
    counted AS (UPDATE run SET version = version + 1 WHERE id = ${runId}),
    ${attempt ? attemptParts(move, attempt) : Prisma.empty}
    ${madeEvent(move.event)}
    SELECT ${toldEvent} FROM made, moved`
  return moved.length > 0
}

/** What a step waits for, with its event: nothing is moved by it. */
export async function noteStepProgress(
  tx: Tx,
  note: { runId: string; key: string; at: Date; columns: StepColumns; event: NewEvent },
): Promise<void> {
  await tx.$queryRaw`
    WITH noted AS (
      UPDATE run_step SET ${assignments(note.columns)} progress_at = ${note.at}
       WHERE run_id = ${note.runId} AND key = ${note.key}),
    ${madeEvent(note.event)}
    SELECT ${toldEvent} FROM made`
}

/** What changes of a run's row beside its generation and version; what is not named stays. */
export type RunColumns = {
  stateReason?: string | null
  direction?: string
  startedAt?: Date
  endedAt?: Date
  /** What a person asked for is answered with this change. */
  clearRequest?: boolean
}

/**
 * Changes a run under its lease, with its event. `move` names the states; without it the run stays in its state.
 * @returns false when the run is no longer in `move.from`: the caller gives up the transaction, for the event was written
 */
export async function changeRunRow(
  tx: Tx,
  runId: string,
  change: { generation: number; move?: { from: string; to: string }; columns: RunColumns; event: NewEvent },
): Promise<boolean> {
  const { generation, move, columns, event } = change
  const { stateReason, direction, startedAt, endedAt, clearRequest } = columns
  const parts = [
    Prisma.sql`generation = ${generation}, version = version + 1`,
    move && Prisma.sql`state = ${move.to}`,
    stateReason === undefined ? undefined : Prisma.sql`state_reason = ${stateReason}`,
    direction === undefined ? undefined : Prisma.sql`direction = ${direction}`,
    startedAt && Prisma.sql`started_at = ${startedAt}`,
    endedAt && Prisma.sql`ended_at = ${endedAt}`,
    clearRequest ? Prisma.sql`request = NULL, request_by = NULL, request_reason = NULL` : undefined,
  ].filter((part) => part !== undefined)
  const changed = await tx.$queryRaw<unknown[]>`
    WITH changed AS (
      UPDATE run SET ${Prisma.join(parts)}
       WHERE id = ${runId} ${move ? Prisma.sql`AND state = ${move.from}` : Prisma.empty}
      RETURNING version),
    ${madeEvent(event)}
    SELECT ${toldEvent} FROM made, changed`
  return changed.length > 0
}

/** Only the columns that are named, each with a comma after it. */
function assignments(columns: StepColumns): Prisma.Sql {
  const { startedAt, endedAt, deadlineAt, attempts, output, error, progress, progressPart } = columns
  const parts = [
    startedAt === undefined ? null : Prisma.sql`started_at = ${startedAt},`,
    endedAt === undefined ? null : Prisma.sql`ended_at = ${endedAt},`,
    deadlineAt === undefined ? null : Prisma.sql`deadline_at = ${deadlineAt},`,
    attempts === undefined ? null : Prisma.sql`attempts = ${attempts},`,
    output === undefined ? null : Prisma.sql`output = ${JSON.stringify(output)}::jsonb,`,
    error === undefined ? null : Prisma.sql`error = ${error === null ? null : JSON.stringify(error)}::jsonb,`,
    progress === undefined ? null : Prisma.sql`progress = ${progress},`,
    progressPart === undefined ? null : Prisma.sql`progress_part = ${progressPart},`,
  ].filter((part) => part !== null)
  return parts.length === 0 ? Prisma.empty : Prisma.join(parts, ' ')
}

function attemptParts({ runId, key, at }: StepMove, attempt: AttemptMove): Prisma.Sql {
  const { direction } = attempt
  const same = Prisma.sql`run_id = ${runId} AND key = ${key} AND direction = ${direction}`
  if ('close' in attempt) {
    const error = attempt.error ? Prisma.sql`, error = ${JSON.stringify(attempt.error)}::jsonb` : Prisma.empty
    return Prisma.sql`closed AS (
      UPDATE step_attempt SET ended_at = ${at}, outcome = ${attempt.outcome}${error}
       WHERE ${same} AND number = ${attempt.close}),`
  }
  // An attempt that a dead worker left open is closed by whoever comes after it. The new row is not yet seen by that part.
  return Prisma.sql`closed AS (
      UPDATE step_attempt SET ended_at = ${at}, outcome = 'interrupted' WHERE ${same} AND ended_at IS NULL),
    opened AS (
      INSERT INTO step_attempt (run_id, key, number, direction, worker_id, generation, started_at)
      VALUES (${runId}, ${key}, ${attempt.open}, ${direction}, ${attempt.workerId}, ${attempt.generation}, ${at})),`
}
