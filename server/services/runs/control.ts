import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { noJson } from '@/server/db/json'
import { databaseNow } from '@/server/db/repositories/clock'
import { lockRun, type RunRecord } from '@/server/db/repositories/runs'
import { type Tx, withTransaction } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import type { Capability, Person } from '@/server/domain/run/can'
import type { RunState } from '@/server/domain/run/states'
import { controlBody } from '@/server/queries/dto/run'
import { invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { findRunFor, refuse } from './refuse'

export type Control = { runId: string; reason: string; stepKey?: string }
export type Controlled = { state: RunState }

type RunChange = {
  state?: RunState
  request?: 'pause' | 'abort' | null
  stateReason?: string | null
  ended?: boolean
}

/** What a verb does to a run once its rule has said yes. */
export type Effect = {
  run: RunChange
  step?: { key: string; from: string; to: 'pending' | 'skipped'; skipReason: string | null }
  data?: JsonObject
  /** A worker is to look at it now. */
  wake: boolean
}

export type ControlVerb = {
  /** `run.pause`: the audit action; never renamed. */
  action: string
  notDone: string
  judge(run: RunRecord, person: Person, control: Control): Capability
  effect(run: RunRecord, control: Control, who: string): Effect
}

/**
 * One frame for every verb that steers a run: look it up, take the locks, ask the rule, change by a conditional update, tell, audit; all or nothing.
 * @throws ServiceError not-found, invalid, forbidden, wrong-state, conflict
 */
export async function controlRun(ctx: Context, verb: ControlVerb, wanted: Control): Promise<Controlled> {
  const body = controlBody.safeParse(wanted)
  if (!body.success) throw invalidInput(body.error.issues)
  const control: Control = { runId: wanted.runId, ...body.data }
  const { serviceId } = await findRunFor(ctx, control.runId)
  const attempt = { action: verb.action, subject: `run/${control.runId}`, serviceId, runId: control.runId }
  const done = await auditedAttempt(ctx, attempt, () =>
    withTransaction(ctx.db, async (tx) => {
      const run = await lockRun(tx, control.runId)
      if (!run) throw notFound('run')
      const now = await databaseNow(tx)
      const allowed = verb.judge(run, { id: ctx.actor.id, grants: ctx.grants, nowMs: now.getTime() }, control)
      if (!allowed.allowed) throw refuse(allowed, verb.notDone)
      const effect = verb.effect(run, control, ctx.actor.type === 'user' ? ctx.actor.email : ctx.actor.id)
      await change(ctx, tx, { verb, run, effect, control, now })
      return { state: effect.run.state ?? run.state, wake: effect.wake }
    }),
  )
  if (done.wake) await ctx.enqueueRun(control.runId)
  return { state: done.state }
}

type Changing = { verb: ControlVerb; run: RunRecord; effect: Effect; control: Control; now: Date }

async function change(ctx: Context, tx: Tx, { verb, run, effect, control, now }: Changing): Promise<void> {
  const { state, request, stateReason, ended } = effect.run
  const moved = await tx.run.updateMany({
    where: { id: run.id, state: run.state },
    data: {
      ...(state === undefined ? {} : { state }),
      ...(stateReason === undefined ? {} : { stateReason }),
      ...(ended ? { endedAt: now } : {}),
      ...(request === undefined ? {} : requestFields(ctx, request, control.reason)),
      version: { increment: 1 },
    },
  })
  if (moved.count === 0) throw refuse({ code: 'conflict', reason: 'It changed in this moment.' }, verb.notDone)
  const about = { serviceId: run.serviceId, runId: run.id }
  if (effect.step) {
    const { key, from, to, skipReason } = effect.step
    const stepped = await tx.runStep.updateMany({
      where: { runId: run.id, key, state: from },
      data: { state: to, skipReason, ...(to === 'skipped' ? { endedAt: now } : {}) },
    })
    if (stepped.count === 0)
      throw refuse({ code: 'conflict', reason: 'The step changed in this moment.' }, verb.notDone)
    await emitEvent(tx, { kind: 'step.changed', ...about, data: { step: key } })
  }
  await emitEvent(tx, { kind: 'run.changed', ...about, data: { state: state ?? run.state } })
  await appendAudit(tx, {
    at: now,
    actor: ctx.actor,
    action: verb.action,
    subject: effect.step ? `run/${run.id}/${effect.step.key}` : `run/${run.id}`,
    ...about,
    outcome: 'ok',
    data: { reason: control.reason, from: run.state, to: state ?? run.state, ...effect.data },
  })
}

function requestFields(ctx: Context, request: 'pause' | 'abort' | null, reason: string) {
  return request === null
    ? { request: null, requestBy: noJson, requestReason: null }
    : { request, requestBy: ctx.actor, requestReason: reason }
}
