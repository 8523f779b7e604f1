import { newestCommitWindow } from '@/server/db/repositories/commit-windows'
import { findOpenIncident } from '@/server/db/repositories/incidents'
import { readMergeFact } from '@/server/db/repositories/merge-fact'
import { latestObservations } from '@/server/db/repositories/observations'
import { readPromotions } from '@/server/db/repositories/promotions'
import { findActiveRun, readStepHistory } from '@/server/db/repositories/runs'
import { findService, type ServiceRecord } from '@/server/db/repositories/services'
import type { Tx } from '@/server/db/tx'
import { blockers, type Finding } from '@/server/domain/finding'
import { digestOf, type JsonObject } from '@/server/domain/json'
import { withTimeBox } from '@/server/domain/plan/break-glass'
import { type PlanKind, planKinds } from '@/server/domain/plan/kinds'
import { lintPlan } from '@/server/domain/plan/lint-plan'
import type { Plan } from '@/server/domain/plan/types'
import { may } from '@/server/domain/rights'
import { notFound } from '../authorise'
import type { Context } from '../context'
import { ServiceError } from '../errors'

export type BuiltPlan = { service: ServiceRecord; plan: Plan; digest: string; blockers: Finding[] }

/** @throws ServiceError not-runnable for a kind that this version does not have */
export function findKind(kind: string): PlanKind {
  const found = planKinds.get(kind)
  if (found) return found
  throw new ServiceError(
    'not-runnable',
    `Runs of kind ${kind} are not available in this version.`,
    'No run was opened.',
    `The kinds that can be run now: ${[...planKinds.keys()].join(', ')}.`,
  )
}

type Reader = Pick<
  Tx,
  | 'service'
  | 'observation'
  | 'incident'
  | 'run'
  | 'runStep'
  | 'commitWindow'
  | 'divergence'
  | 'divergenceDecision'
  | 'strandedRow'
>

/**
 * Reads what is so now and builds the plan from it: the same for a preview and for a request, so that what was shown is what is asked for.
 * @throws ServiceError not-found, not-runnable
 */
export async function buildPlan(
  ctx: Context,
  tx: Reader,
  wanted: { service: string; kind: string; inputs: JsonObject },
): Promise<BuiltPlan> {
  const service = await findService(tx, wanted.service)
  if (!service) throw notFound('service')
  const kind = findKind(wanted.kind)
  // One after the other: a transaction is one connection.
  const observations = await latestObservations(tx, service.id)
  const incident = await findOpenIncident(tx, service.id)
  const activeRun = await findActiveRun(tx, service.id)
  const built = kind.build({
    config: service.config,
    configDigest: service.configDigest,
    writer: service.writer,
    observations,
    incident,
    activeRun,
    nowMs: ctx.clock.now(),
    inputs: wanted.inputs,
    describe: ctx.describeStep,
    history: await readStepHistory(tx, service.id),
    mayBreakGlass: may(ctx.grants, 'run.break-glass', service.id),
    commitWindow: await newestCommitWindow(tx, service.id),
    promotions: await readPromotions(tx, service.id),
    ...(wanted.kind === 'merge' && { divergence: await readMergeFact(tx, service.id, wanted.inputs.divergenceId) }),
  })
  const plan = withTimeBox(built, service.config.policies.breakGlassMinutes)
  return { service, plan, digest: digestOf(plan), blockers: blockers([...plan.findings, ...lintPlan(plan)]) }
}
