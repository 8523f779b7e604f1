import { randomUUID } from 'node:crypto'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { type Tx, withTransaction } from '@/server/db/tx'
import { toJson } from '@/server/domain/json'
import { notAfterBox } from '@/server/domain/plan/break-glass'
import { requestRunBody } from '@/server/queries/dto/run'
import { authorise, invalidInput } from '../authorise'
import { authoriseBreakGlass, type BreakGlassRequest, refuseNeedless } from '../break-glass/authorise-request'
import { openReview } from '../break-glass/open-review'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { type BuiltPlan, buildPlan, findKind } from './gather-facts'

export type RunRequest = { kind: string } & BreakGlassRequest

/**
 * Builds the plan from what is so now and opens the run that waits for its approvals. Several may wait at once; only one can become approved.
 * @throws ServiceError forbidden, not-found, invalid; not-runnable with the findings that stand in the way
 */
export async function requestRun(ctx: Context, wanted: RunRequest): Promise<{ runId: string }> {
  const subject = `service/${wanted.service}`
  return auditedAttempt(ctx, { action: 'run.request', subject, serviceId: wanted.service, runId: null }, async () => {
    authorise(ctx, 'run.request', wanted.service)
    const asked = parse(wanted)
    await authoriseBreakGlass(ctx, asked)
    const runId = randomUUID()
    await withTransaction(ctx.db, async (tx) => {
      const built = await buildPlan(ctx, tx, asked)
      refuseBlocked(built)
      refuseNeedless(asked.inputs, built.plan)
      await openRun(ctx, tx, runId, built, asked)
    })
    return { runId }
  })
}

function parse({ secondFactorCode, ...wanted }: RunRequest): RunRequest {
  const body = requestRunBody.safeParse(wanted)
  if (!body.success) throw invalidInput(body.error.issues)
  const inputs = findKind(body.data.kind).inputs.safeParse(body.data.inputs)
  if (!inputs.success) throw invalidInput(inputs.error.issues)
  if (inputs.data.assume !== undefined) {
    throw invalidInput([
      { path: ['inputs', 'assume'], message: 'is for previews only; a run is built from what is so' },
    ])
  }
  return { service: wanted.service, ...body.data, secondFactorCode }
}

function refuseBlocked(built: BuiltPlan): void {
  if (built.blockers.length === 0) return
  const first = built.blockers[0]?.message ?? ''
  throw new ServiceError(
    'not-runnable',
    built.blockers.length === 1 ? first : `${built.blockers.length} findings stand in the way. ${first}`,
    'No run was opened.',
    'Remove what is listed, then ask again; the plan is built anew from what is so then.',
    built.blockers.map((each) => ({ path: each.code, message: `${each.message} ${each.remedy}` })),
  )
}

/** Keeps the plan and opens its run, which waits for approval, with events and audit entry; in the caller's transaction. */
export async function openRun(
  ctx: Pick<Context, 'actor'>,
  tx: Tx,
  runId: string,
  built: BuiltPlan,
  asked: { reason: string },
): Promise<void> {
  const { service, plan, digest } = built
  const planId = randomUUID()
  const requestedAt = await databaseNow(tx)
  const approvalMs = service.config.policies.approvalExpiryMinutes * 60_000
  const expiresAt = notAfterBox(plan, new Date(requestedAt.getTime() + approvalMs))
  await tx.plan.create({
    data: { id: planId, serviceId: service.id, kind: plan.kind, digest, document: toJson(plan) ?? {} },
  })
  await tx.run.create({
    data: {
      id: runId,
      serviceId: service.id,
      kind: plan.kind,
      state: 'awaiting_approval',
      planId,
      digest,
      incidentId: plan.incidentId,
      requesterId: ctx.actor.id,
      requester: ctx.actor,
      reason: asked.reason,
      requestedAt,
      expiresAt,
      steps: { create: plan.steps.map((step, position) => ({ key: step.key, position, stepId: step.stepId })) },
    },
  })
  await openReview(tx, { runId, requesterId: ctx.actor.id, requestedAt, plan })
  await emitEvent(tx, { kind: 'run.changed', serviceId: service.id, runId, data: { state: 'awaiting_approval' } })
  await emitEvent(tx, { kind: 'service.changed', serviceId: service.id, runId, data: {} })
  await appendAudit(tx, {
    at: requestedAt,
    actor: ctx.actor,
    action: 'run.request',
    subject: `run/${runId}`,
    serviceId: service.id,
    runId,
    outcome: 'ok',
    data: {
      kind: plan.kind,
      digest,
      reason: asked.reason,
      summary: plan.summary,
      incidentId: plan.incidentId,
      overrides: plan.overrides.map((each) => each.code),
      ...(plan.timeBox && { timeBox: plan.timeBox }),
      approvalsRequired: service.config.policies.approvalsRequired,
      expiresAt: expiresAt.toISOString(),
    },
  })
}
