import { randomUUID } from 'node:crypto'
import { appendAudit } from '@/server/db/audit'
import { isUniqueViolation } from '@/server/db/errors'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findActiveRun, lockRun, type RunRecord, runFacts } from '@/server/db/repositories/runs'
import { findService, type ServiceRecord } from '@/server/db/repositories/services'
import { type Tx, withTransaction } from '@/server/db/tx'
import { digestOf } from '@/server/domain/json'
import { notAfterBox } from '@/server/domain/plan/break-glass'
import { can } from '@/server/domain/run/can'
import { decisionBody } from '@/server/queries/dto/run'
import { invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { findRunFor, refuse } from './refuse'

export type Decision = { runId: string; decision: 'approve' | 'reject'; digest: string; comment: string }
export type Decided = { state: 'awaiting_approval' | 'approved' | 'rejected'; given: number; required: number }

const minuteMs = 60_000

/**
 * A person's yes or no to exactly one plan. The last yes that is needed makes the run approved and wakes the workers; one no ends it.
 * @throws ServiceError own-request, forbidden, stale-digest, wrong-state, expired, conflict, not-found, invalid
 */
export async function decideRun(ctx: Context, decision: Decision): Promise<Decided> {
  const body = decisionBody.safeParse(decision)
  if (!body.success) throw invalidInput(body.error.issues)
  const given: Decision = { runId: decision.runId, ...body.data }
  const { serviceId } = await findRunFor(ctx, given.runId)
  const attempt = { action: `run.${given.decision}`, subject: `run/${given.runId}`, serviceId, runId: given.runId }
  const decided = await auditedAttempt(ctx, attempt, async () => {
    try {
      return await withTransaction(ctx.db, (tx) => decide(ctx, tx, given))
    } catch (error) {
      // The indexes have the last word where the locks did not reach: one active run a service, one decision a person.
      throw isUniqueViolation(error) ? overtaken() : error
    }
  })
  if (decided.state === 'approved') await ctx.enqueueRun(given.runId)
  return decided
}

async function decide(ctx: Context, tx: Tx, given: Decision): Promise<Decided> {
  const run = await lockRun(tx, given.runId)
  const service = run && (await findService(tx, run.serviceId))
  if (!run || !service) throw notFound('run')
  const now = await databaseNow(tx)
  const person = { id: ctx.actor.id, grants: ctx.grants, nowMs: now.getTime() }
  const allowed = can(given.decision, runFacts(run), person)
  if (!allowed.allowed) throw refuse(allowed, 'Your decision was not taken.')
  if (ctx.actor.type !== 'user') throw notAPerson()
  refuseOtherPlan(run, given.digest)
  if (given.decision === 'approve') await refuseOvertaken(tx, run, service)
  const { policies } = service.config
  const expiresAt = notAfterBox(run.plan, new Date(now.getTime() + policies.executionExpiryMinutes * minuteMs))
  await writeApproval(ctx, tx, given, { now, expiresAt })
  const valid = run.approvals.filter((each) => each.decision === 'approve' && each.expiresAt > now)
  const decided = outcome(given, valid.length, policies.approvalsRequired)
  const validUntil = [expiresAt, ...valid.map((each) => each.expiresAt)].reduce((a, b) => (a < b ? a : b))
  await moveDecided(tx, run, decided, now, validUntil)
  await tell(ctx, tx, run, given, decided, now)
  return decided
}

function outcome(given: Decision, before: number, required: number): Decided {
  if (given.decision === 'reject') return { state: 'rejected', given: before, required }
  return { state: before + 1 >= required ? 'approved' : 'awaiting_approval', given: before + 1, required }
}

function notAPerson(): ServiceError {
  return new ServiceError(
    'forbidden',
    'Only a person decides on a run.',
    'Your decision was not taken.',
    'Sign in as a person with the approver role.',
  )
}

function overtaken(): ServiceError {
  return refuse(
    { code: 'conflict', reason: 'Another decision on this service was taken in this moment.' },
    'Your decision was not taken.',
  )
}

/** What was shown, what is kept, and what will run must be one and the same. */
function refuseOtherPlan(run: RunRecord, digest: string): void {
  if (digest === run.digest && digestOf(run.planDocument) === run.digest) return
  throw new ServiceError(
    'stale-digest',
    digest === run.digest
      ? 'The plan that is kept does not have the digest it was opened with.'
      : 'The plan that you decided on is not the plan of this run.',
    'Your decision was not taken.',
    'Reload the run, read its plan, and decide on what is shown there.',
  )
}

/** A yes must not start what the service has moved on from. */
async function refuseOvertaken(tx: Tx, run: RunRecord, service: ServiceRecord): Promise<void> {
  const active = await findActiveRun(tx, run.serviceId)
  if (active) throw otherRunActive(active)
  // An evacuation leaves the writer where it is: its regions are those of the shared names.
  const movesWriter = run.plan.kind !== 'evacuate'
  const writerMoved = movesWriter && service.writer !== null && service.writer.serverId !== run.plan.from.serverId
  if (writerMoved || service.configDigest !== run.plan.configDigest) {
    throw new ServiceError(
      'conflict',
      writerMoved
        ? `The writer is ${service.writer?.serverId} now; this plan leaves ${run.plan.from.serverId}.`
        : 'The service’s configuration has changed since this plan was built.',
      'Your decision was not taken.',
      'Reject this run and have a new one requested: its plan is built from what is so then.',
    )
  }
}

function otherRunActive(active: { id: string; kind: string; state: string }): ServiceError {
  return new ServiceError(
    'conflict',
    `The service has a ${active.kind} already: run ${active.id} is ${active.state}.`,
    'Your decision was not taken; one run a service may be active.',
    `Wait for run ${active.id} to end, or abort it.`,
  )
}

async function writeApproval(
  ctx: Context,
  tx: Tx,
  given: Decision,
  times: { now: Date; expiresAt: Date },
): Promise<void> {
  await tx.approval.create({
    data: {
      id: randomUUID(),
      runId: given.runId,
      digest: given.digest,
      userId: ctx.actor.id,
      approver: ctx.actor,
      decision: given.decision,
      comment: given.comment,
      decidedAt: times.now,
      expiresAt: times.expiresAt,
    },
  })
}

async function moveDecided(tx: Tx, run: RunRecord, decided: Decided, now: Date, validUntil: Date): Promise<void> {
  const fields = {
    awaiting_approval: {},
    // From here on it expires with the first of its approvals.
    approved: { approvedAt: now, expiresAt: validUntil },
    rejected: { endedAt: now, stateReason: 'An approver said no; nothing was done.' },
  }[decided.state]
  const moved = await tx.run.updateMany({
    where: { id: run.id, state: 'awaiting_approval', digest: run.digest },
    data: { ...fields, state: decided.state, version: { increment: 1 } },
  })
  if (moved.count === 0) {
    throw refuse({ code: 'conflict', reason: 'It was decided in this moment.' }, 'Your decision was not taken.')
  }
}

async function tell(ctx: Context, tx: Tx, run: RunRecord, given: Decision, decided: Decided, now: Date): Promise<void> {
  const about = { serviceId: run.serviceId, runId: run.id }
  await emitEvent(tx, { kind: 'approval.changed', ...about, data: { decision: given.decision } })
  await emitEvent(tx, { kind: 'run.changed', ...about, data: { state: decided.state } })
  await appendAudit(tx, {
    at: now,
    actor: ctx.actor,
    action: `run.${given.decision}`,
    subject: `run/${run.id}`,
    ...about,
    outcome: 'ok',
    data: { digest: given.digest, comment: given.comment, ...decided },
  })
}
