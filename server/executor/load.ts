import { readAuthority } from '@/server/db/repositories/authority'
import { readAutomaticAuthority } from '@/server/db/repositories/automatic-authority'
import { readRunToLead } from '@/server/db/repositories/run-to-lead'
import type { Json } from '@/server/domain/json'
import { type Plan, plan as planSchema } from '@/server/domain/plan/types'
import type { Grant } from '@/server/domain/rights'
import type { AuthorityFacts } from '@/server/domain/run/authority'
import { type RunState, runStates, type StepState, stepStates } from '@/server/domain/run/states'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import { pointOfNoReturnPassed } from '@/server/domain/view/run-progress'
import type { ExecutorDeps } from './types'

export type StepRow = {
  key: string
  state: StepState
  attempts: number
  deadlineAt: Date | null
  output: Json
  errorPhase: string | null
}

export type LoadedRun = {
  id: string
  serviceId: string
  state: RunState
  direction: 'forward' | 'backward'
  request: 'pause' | 'abort' | null
  requestReason: string | null
  stateReason: string | null
  plan: Plan
  config: ServiceConfig
  steps: Map<string, StepRow>
}

function member<T extends string>(values: readonly T[], value: string, what: string): T {
  const found = values.find((each) => each === value)
  if (!found) throw new TypeError(`${value} is not a ${what}`)
  return found
}

/** The service of a run that is to be carried out; null when there is nothing to do for it. A light look: most of those who are told of a run come second. */
export async function findWork(deps: ExecutorDeps, runId: string): Promise<string | null> {
  const rows = await deps.db.$queryRaw<{ serviceId: string }[]>`
    SELECT service_id AS "serviceId" FROM run WHERE id = ${runId} AND state IN ('approved', 'running')`
  return rows[0]?.serviceId ?? null
}

/** Reads a run with its plan and steps, parsed. null when there is none. */
export async function loadRun(deps: ExecutorDeps, runId: string): Promise<LoadedRun | null> {
  const row = await readRunToLead(deps.db, runId)
  if (!row) return null
  return {
    id: runId,
    serviceId: row.serviceId,
    state: member(runStates, row.state, 'run state'),
    direction: row.direction === 'backward' ? 'backward' : 'forward',
    request: asked(row).request,
    requestReason: row.requestReason,
    stateReason: row.stateReason,
    plan: planSchema.parse(row.planDocument),
    config: serviceConfig.parse(row.config),
    steps: new Map(
      row.steps.map(({ key, state, attempts, deadlineAt, output, error }) => [
        key,
        {
          key,
          state: member(stepStates, state, 'step state'),
          attempts,
          deadlineAt: deadlineAt === null ? null : new Date(deadlineAt),
          output,
          errorPhase: phaseOf(error),
        },
      ]),
    ),
  }
}

function phaseOf(error: Json): string | null {
  if (error === null || typeof error !== 'object' || Array.isArray(error)) return null
  return typeof error.phase === 'string' ? error.phase : null
}

export type Asked = { request: 'pause' | 'abort' | null; reason: string }

function asked(row: { request: string | null; requestReason: string | null } | null): Asked {
  const request = row?.request === 'pause' || row?.request === 'abort' ? row.request : null
  return { request, reason: row?.requestReason ?? '' }
}

/** What a person has asked of a run since; a light look while a step waits. */
export async function readRequest(deps: ExecutorDeps, runId: string): Promise<Asked> {
  return asked(await deps.db.run.findUnique({ where: { id: runId }, select: { request: true, requestReason: true } }))
}

/** Everything that the run's authority rests on, and what a person has asked of it, read fresh. One after the other: a second connection would have to be opened. */
export async function loadAuthority(
  deps: ExecutorDeps,
  run: LoadedRun,
  started: boolean,
): Promise<AuthorityFacts & Asked> {
  const row = await readAuthority(deps.db, run.id)
  const automatic = row.automatic ? await readAutomaticAuthority(deps.db, run.id, run.serviceId) : null
  const person = (id: string): { disabled: boolean; grants: Grant[] } => {
    const found = row.people.find((each) => each.id === id)
    return { disabled: found?.disabled ?? true, grants: found?.grants ?? [] }
  }
  return {
    ...asked(row),
    planDocument: row.planDocument,
    plan: run.plan,
    runDigest: row.digest,
    requesterId: row.requesterId,
    approvalsRequired: run.config.policies.approvalsRequired,
    approvals: row.approvals.map((each) => ({ ...each, ...person(each.userId) })),
    requester: person(row.requesterId),
    configDigest: row.configDigest,
    nowMs: row.now.getTime(),
    started,
    pastNoReturn: pointOfNoReturnPassed(run.plan.steps, (key) => run.steps.get(key)?.state ?? 'pending'),
    automatic,
  }
}
