import type { Db } from '@/server/db/client'
import { toJson } from '@/server/domain/json'
import { type Plan, plan as planSchema } from '@/server/domain/plan/types'
import { may } from '@/server/domain/rights'
import {
  can,
  canRetryStep,
  canSkipStep,
  type Capability as Ruling,
  type RunFacts,
  type RunVerb,
  type Person as Viewer,
} from '@/server/domain/run/can'
import { openRunStates, type StepState, stepStates } from '@/server/domain/run/states'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import { currentStep, pointOfNoReturnPassed } from '@/server/domain/view/run-progress'
import { parseGrants } from '@/server/services/access/grants'
import type { Context } from '@/server/services/context'
import type { Capability } from './dto/common'
import type { RunView, StepView } from './dto/run'
import { iso, jsonObject, memberOr, whoText } from './read'
import { measuredOf, runSummary } from './run-rows'

/** A run with all that its page shows. */
export async function loadRunRow(db: Db, id: string) {
  return db.run.findUnique({
    where: { id },
    include: {
      plan: true,
      service: { select: { name: true, config: true, lease: true } },
      steps: { orderBy: { position: 'asc' } },
      approvals: { orderBy: { decidedAt: 'asc' } },
      incident: { select: { lastGoodAt: true } },
    },
  })
}
export type RunRow = NonNullable<Awaited<ReturnType<typeof loadRunRow>>>
type StepRow = RunRow['steps'][number]

export async function runView(ctx: Context, row: RunRow): Promise<RunView> {
  const plan = planSchema.parse(row.plan.document)
  const config = serviceConfig.parse(row.service.config)
  const people = await peopleOf(ctx.db, row)
  const stateOf = stateReader(row.steps)
  const summary = runSummary(row, plan.summary)
  const passed = pointOfNoReturnPassed(plan.steps, stateOf)
  const viewer: Viewer = { id: ctx.actor.id, grants: ctx.grants, nowMs: ctx.clock.now() }
  const rules: RunFacts = {
    service: row.serviceId,
    state: summary.state,
    requesterId: row.requesterId,
    expiresAtMs: row.expiresAt.getTime(),
    request: row.request === 'pause' || row.request === 'abort' ? row.request : null,
    direction: summary.direction,
    pointOfNoReturnPassed: passed,
    failedStep: plan.steps.find((step) => stateOf(step.key) === 'failed')?.title ?? null,
    deciderIds: row.approvals.map((each) => each.userId),
  }
  return {
    ...summary,
    version: row.version,
    plan: { ...plan, digest: row.digest, steps: stepViews(plan, row.steps, rules, viewer) },
    approvalList: approvalList(row, people, viewer.nowMs),
    eligibleApprovers: people
      .filter((person) => person.mayApprove && person.id !== row.requesterId)
      .map(({ name, email }) => ({ name, email })),
    generation: row.generation === null ? null : Number(row.generation),
    incidentId: row.incidentId,
    pointOfNoReturnPassed: passed,
    currentStepKey: currentStep(plan.steps, stateOf, openRunStates.includes(summary.state)),
    requested: rules.request
      ? { what: rules.request, by: whoText(row.requestBy), reason: row.requestReason ?? '' }
      : null,
    targets: targetsOf(config),
    clockStartedAt: iso(row.incident?.lastGoodAt ?? row.requestedAt),
    measured: measuredOf(row.measured),
    leader: leaderOf(row),
    can: buttonsOf(rules, viewer),
    observedAt: new Date(viewer.nowMs).toISOString(),
  }
}

function buttonsOf(run: RunFacts, viewer: Viewer): RunView['can'] {
  const button = (verb: RunVerb) => shown(can(verb, run, viewer))
  return {
    approve: button('approve'),
    reject: button('reject'),
    pause: button('pause'),
    resume: button('resume'),
    abort: button('abort'),
  }
}

const shown = ({ allowed, reason }: Ruling): Capability => ({ allowed, reason })

function targetsOf({ objectives }: ServiceConfig): RunView['targets'] {
  const { rtoSeconds, detectionSeconds, failoverSeconds, rpoSeconds } = objectives
  return { rtoSeconds, detectionSeconds, failoverSeconds, rpoSeconds }
}

function leaderOf(row: RunRow): RunView['leader'] {
  const lease = row.service.lease
  if (!lease?.holder || !lease.expiresAt || lease.runId !== row.id) return null
  return { worker: lease.holder, expiresAt: iso(lease.expiresAt) }
}

type Person = { id: string; name: string; email: string; mayApprove: boolean }

/** Everybody who may decide on it, and everybody who has. */
async function peopleOf(db: Db, row: RunRow): Promise<Person[]> {
  const users = await db.user.findMany({
    where: {
      OR: [
        { id: { in: row.approvals.map((each) => each.userId) } },
        { grants: { some: { service: { in: ['*', row.serviceId] } } } },
      ],
    },
    include: { grants: true },
    orderBy: { name: 'asc' },
  })
  return users.map((user) => ({
    id: user.id,
    name: user.name,
    email: user.email,
    mayApprove: user.disabledAt === null && may(parseGrants(user.grants), 'run.approve', row.serviceId),
  }))
}

function approvalList(row: RunRow, people: readonly Person[], nowMs: number): RunView['approvalList'] {
  return row.approvals.map((each) => {
    const entitled = people.find((person) => person.id === each.userId)?.mayApprove === true
    const inTime = each.usedAt !== null || each.expiresAt.getTime() > nowMs
    return {
      id: each.id,
      approver: whoText(each.approver),
      decision: memberOr(['approve', 'reject'], each.decision, 'reject'),
      comment: each.comment,
      digest: each.digest,
      decidedAt: iso(each.decidedAt),
      expiresAt: iso(each.expiresAt),
      usedAt: iso(each.usedAt),
      stillHolds: entitled && inTime && each.digest === row.digest,
    }
  })
}

function stateReader(rows: readonly StepRow[]): (key: string) => StepState {
  const states = new Map(rows.map((row) => [row.key, memberOr(stepStates, row.state, 'failed')]))
  return (key) => states.get(key) ?? 'pending'
}

function stepViews(plan: Plan, rows: readonly StepRow[], run: RunFacts, viewer: Viewer): StepView[] {
  const byKey = new Map(rows.map((row) => [row.key, row]))
  const stateOf = stateReader(rows)
  return plan.steps.map((step) => {
    const row = byKey.get(step.key)
    const state = stateOf(step.key)
    const { key, stepId, title, description, commands, changes, budgetMs, maxAttempts } = step
    const { reversible, undo, pointOfNoReturn, skippable } = step
    return {
      ...{ key, stepId, title, description, commands, changes, budgetMs, maxAttempts },
      ...{ reversible, undo, pointOfNoReturn, skippable, state },
      attempts: row?.attempts ?? 0,
      startedAt: iso(row?.startedAt),
      endedAt: iso(row?.endedAt),
      deadlineAt: iso(row?.deadlineAt),
      progress: row?.progress ?? null,
      progressPart: row?.progressPart ?? null,
      progressAt: iso(row?.progressAt),
      output: row && row.output !== null ? toJson(row.output) : null,
      error: errorOf(row?.error),
      skipReason: row?.skipReason ?? null,
      can: {
        retry: shown(canRetryStep(run, { title, state, skippable }, viewer)),
        skip: shown(canSkipStep(run, { title, state, skippable }, viewer)),
      },
    }
  })
}

function errorOf(value: unknown): StepView['error'] {
  if (value === null || value === undefined) return null
  const { kind, message } = jsonObject(value)
  return { kind: typeof kind === 'string' ? kind : 'unknown', message: typeof message === 'string' ? message : '' }
}
