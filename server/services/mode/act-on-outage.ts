import { randomUUID } from 'node:crypto'
import { appendAudit } from '@/server/db/audit'
import { isUniqueViolation } from '@/server/db/errors'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { type Tx, withTransaction } from '@/server/db/tx'
import { decideAutomatic } from '@/server/domain/mode/decide-automatic'
import type { ModeDecision } from '@/server/domain/mode/mode-facts'
import type { Context } from '../context'
import { writeTrail } from '../incidents/move'
import type { BuiltPlan } from '../runs/gather-facts'
import { openRun } from '../runs/request'
import { type GatheredMode, gatherModeFacts } from './gather-mode-facts'

export type Acted =
  | { did: 'nothing' | 'held' }
  /** `for`: codes of the rules of which something is still unknown. */
  | { did: 'waits'; for: string[] }
  | { did: 'drafted' | 'started'; runId: string }

/** Whose name stands in the trail where nobody asked. */
export const automaticActor = { type: 'system' as const, id: 'automatic' }

/**
 * What the service's mode says about its confirmed outage, done: nothing, a draft that waits for a person, or a run that a standing approval carries, opened and approved in
 * one transaction. Any number of workers may ask at once: the lease row's lock puts them in a line, and whoever comes second finds it done.
 * The caller leads the run at once when it is `started`.
 */
export async function actOnOutage(ctx: Context, serviceId: string, workerId: string): Promise<Acted> {
  const acting: Context = { ...ctx, actor: automaticActor, grants: [] }
  const due = await ctx.db.incident.count({ where: { serviceId, kind: 'outage', state: 'confirmed' } })
  if (due === 0) return { did: 'nothing' }
  try {
    return await withTransaction(ctx.db, async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM service_lease WHERE service_id = ${serviceId} FOR UPDATE`
      const gathered = await gatherModeFacts(acting, tx, serviceId)
      if (gathered.facts.asked !== 'now' || gathered.facts.mode === 'manual') return { did: 'nothing' }
      return carryOut(acting, tx, gathered, workerId)
    })
  } catch (error) {
    // The indexes have the last word: one active run a service, one automatic run an incident.
    if (isUniqueViolation(error)) return { did: 'nothing' }
    throw error
  }
}

async function carryOut(ctx: Context, tx: Tx, gathered: GatheredMode, workerId: string): Promise<Acted> {
  const decision = decideAutomatic(gathered.facts)
  const { built } = gathered
  if (decision.verdict === 'act' && built) {
    return { did: 'started', runId: await openAutomatic(ctx, tx, gathered, built, workerId) }
  }
  if (decision.verdict === 'draft' && built) {
    return { did: 'drafted', runId: await openDraft(ctx, tx, gathered, built, decision) }
  }
  if (decision.verdict === 'wait') {
    return { did: 'waits', for: decision.reasons.filter((each) => each.holds !== true).map((each) => each.code) }
  }
  await noteHeld(ctx, tx, gathered, decision)
  return { did: 'held' }
}

const short = (id: string): string => id.slice(0, 8)

async function openAutomatic(
  ctx: Context,
  tx: Tx,
  { facts, service }: GatheredMode,
  built: BuiltPlan,
  workerId: string,
): Promise<string> {
  const { standing, from } = facts
  if (!standing) throw new TypeError('An automatic run was decided on without a standing approval')
  const runId = randomUUID()
  const by = standing.approvers.join(' and ')
  await openRun(ctx, tx, runId, built, {
    reason: `The outage of ${from.name} is confirmed: automatic failover under standing approval ${short(standing.id)}, which ${by} approved.`,
  })
  await keepAction(tx, { runId, gathered: { facts, service }, mode: 'automatic', standingApprovalId: standing.id })
  const now = await databaseNow(tx)
  const untilMs = Math.min(
    now.getTime() + service.config.policies.executionExpiryMinutes * 60_000,
    Date.parse(standing.expiresAt),
  )
  await tx.run.update({
    where: { id: runId },
    data: { state: 'approved', approvedAt: now, expiresAt: new Date(untilMs), version: { increment: 1 } },
  })
  const about = { serviceId: service.id, runId }
  await emitEvent(tx, { kind: 'run.changed', ...about, data: { state: 'approved' } })
  await appendAudit(tx, {
    at: now,
    actor: ctx.actor,
    action: 'run.approve',
    subject: `run/${runId}`,
    ...about,
    outcome: 'ok',
    data: {
      digest: built.digest,
      comment: `Approved by standing approval ${standing.id}, which ${by} approved.`,
      standingApproval: standing.id,
      approvers: [...standing.approvers],
      worker: workerId,
    },
  })
  await tell(
    ctx,
    tx,
    { facts, service },
    `Automatic failover: run ${short(runId)} was opened and approved by standing approval ${short(standing.id)}.`,
    runId,
  )
  return runId
}

async function openDraft(
  ctx: Context,
  tx: Tx,
  { facts, service }: GatheredMode,
  built: BuiltPlan,
  decision: ModeDecision,
): Promise<string> {
  const runId = randomUUID()
  const why = facts.mode === 'automatic' ? ` Not carried out by itself: ${brokenWords(decision)}` : ''
  const reason = `The outage of ${facts.from.name} is confirmed: drafted for a person to approve.${why}`
  await openRun(ctx, tx, runId, built, { reason: reason.slice(0, 1000) })
  await keepAction(tx, { runId, gathered: { facts, service }, mode: 'assisted', standingApprovalId: null })
  await tell(
    ctx,
    tx,
    { facts, service },
    `Drafted failover run ${short(runId)}; it waits for a person’s approval.${why}`,
    runId,
  )
  return runId
}

type Gathered = Pick<GatheredMode, 'facts' | 'service'>
type Keeping = { runId: string; gathered: Gathered; mode: 'assisted' | 'automatic'; standingApprovalId: string | null }

async function keepAction(tx: Tx, { runId, gathered, mode, standingApprovalId }: Keeping): Promise<void> {
  const { facts, service } = gathered
  const before = mode === 'automatic' ? facts.opened.automatic : facts.opened.drafts.length
  await tx.automaticAction.create({
    data: {
      runId,
      serviceId: service.id,
      incidentId: facts.incident?.id ?? '',
      mode,
      ordinal: before + 1,
      standingApprovalId,
      at: await databaseNow(tx),
    },
  })
}

function brokenWords({ reasons }: ModeDecision): string {
  return reasons
    .filter((each) => each.holds !== true && !each.onlyThen)
    .map((each) => each.words)
    .join(' ')
}

async function tell(ctx: Context, tx: Tx, { facts, service }: Gathered, message: string, runId: string): Promise<void> {
  const incidentId = facts.incident?.id ?? ''
  await writeTrail(ctx, tx, { incidentId, serviceId: service.id, action: 'incident.act', message, data: { runId } })
}

/** Why nothing was done goes onto the incident's timeline once, and again only when the reasons have changed. */
async function noteHeld(ctx: Context, tx: Tx, { facts, service }: Gathered, decision: ModeDecision): Promise<void> {
  // A run that is at work, or has been, is its own explanation.
  if (facts.opened.automatic > 0 || facts.opened.drafts.length > 0 || facts.activeRun || facts.waitingRun) return
  const codes = decision.reasons.filter((each) => each.holds !== true).map((each) => each.code)
  const incidentId = facts.incident?.id ?? ''
  const last = await tx.incidentEvent.findFirst({ where: { incidentId, kind: 'hold' }, orderBy: { id: 'desc' } })
  if (last && JSON.stringify(last.data) === JSON.stringify({ codes })) return
  const message = `Nothing was done by itself. ${brokenWords(decision)}`
  await writeTrail(ctx, tx, { incidentId, serviceId: service.id, action: 'incident.hold', message, data: { codes } })
}
