import type { Json } from '@/server/domain/json'
import { toJson } from '@/server/domain/json'
import { type Plan, plan as planSchema } from '@/server/domain/plan/types'
import type { Grant, Role } from '@/server/domain/rights'
import type { AuthorityFacts } from '@/server/domain/run/authority'
import { type RunState, runStates, type StepState, stepStates } from '@/server/domain/run/states'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
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

/** Reads a run with its plan and steps, parsed. null when there is none. */
export async function loadRun(deps: ExecutorDeps, runId: string): Promise<LoadedRun | null> {
  const row = await deps.db.run.findUnique({
    where: { id: runId },
    include: { plan: true, steps: true, service: true },
  })
  if (!row) return null
  return {
    id: row.id,
    serviceId: row.serviceId,
    state: member(runStates, row.state, 'run state'),
    direction: row.direction === 'backward' ? 'backward' : 'forward',
    request: row.request === 'pause' || row.request === 'abort' ? row.request : null,
    requestReason: row.requestReason,
    stateReason: row.stateReason,
    plan: planSchema.parse(row.plan.document),
    config: serviceConfig.parse(row.service.config),
    steps: new Map(
      row.steps.map((step) => [
        step.key,
        {
          key: step.key,
          state: member(stepStates, step.state, 'step state'),
          attempts: step.attempts,
          deadlineAt: step.deadlineAt,
          output: toJson(step.output),
          errorPhase: phaseOf(toJson(step.error)),
        },
      ]),
    ),
  }
}

function phaseOf(error: Json): string | null {
  if (error === null || typeof error !== 'object' || Array.isArray(error)) return null
  return typeof error.phase === 'string' ? error.phase : null
}

/** What a person has asked of a run since; a light look between steps and while waiting. */
export async function readRequest(
  deps: ExecutorDeps,
  runId: string,
): Promise<{ request: 'pause' | 'abort' | null; reason: string }> {
  const row = await deps.db.run.findUnique({ where: { id: runId }, select: { request: true, requestReason: true } })
  const request = row?.request === 'pause' || row?.request === 'abort' ? row.request : null
  return { request, reason: row?.requestReason ?? '' }
}

/** Everything that the run's authority rests on, read fresh. */
export async function loadAuthority(deps: ExecutorDeps, run: LoadedRun, started: boolean): Promise<AuthorityFacts> {
  const [row, nowRows] = await Promise.all([
    deps.db.run.findUniqueOrThrow({ where: { id: run.id }, include: { plan: true, service: true, approvals: true } }),
    deps.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`,
  ])
  const people = await deps.db.user.findMany({
    where: { id: { in: [row.requesterId, ...row.approvals.map((each) => each.userId)] } },
    include: { grants: true },
  })
  const person = (id: string): { disabled: boolean; grants: Grant[] } => {
    const found = people.find((each) => each.id === id)
    return {
      disabled: !found || found.disabledAt !== null,
      grants: (found?.grants ?? []).map((grant) => ({ role: grant.role as Role, service: grant.service })),
    }
  }
  return {
    planDocument: row.plan.document,
    plan: run.plan,
    runDigest: row.digest,
    requesterId: row.requesterId,
    approvalsRequired: run.config.policies.approvalsRequired,
    approvals: row.approvals.map((each) => ({
      userId: each.userId,
      digest: each.digest,
      decision: each.decision,
      expiresAt: each.expiresAt.toISOString(),
      usedAt: each.usedAt?.toISOString() ?? null,
      ...person(each.userId),
    })),
    requester: person(row.requesterId),
    configDigest: row.service.configDigest,
    nowMs: nowRows[0]?.now.getTime() ?? 0,
    started,
  }
}
