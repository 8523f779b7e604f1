import { randomUUID } from 'node:crypto'
import type { Db } from '@/server/db/client'
import { digestOf, toJson } from '@/server/domain/json'
import type { Observation } from '@/server/domain/observation'
import { buildFailoverPlan } from '@/server/domain/plan/build-failover'
import type { StepDescriber } from '@/server/domain/plan/describe'
import type { PlanFacts } from '@/server/domain/plan/facts'
import type { Plan } from '@/server/domain/plan/types'
import { now as factsNow, lostPrimaryFacts } from './facts'

export type SeededRun = { runId: string; serviceId: string; plan: Plan; digest: string }

/** Which kind of plan, from which facts. The planner of the kind is the real one. */
export type Seed = { build(facts: PlanFacts): Plan; facts(): PlanFacts }
const lostPrimary: Seed = { build: buildFailoverPlan, facts: () => ({ ...lostPrimaryFacts(), incident: null }) }

/**
 * Puts a service, its people, and one approved run into a control database: where the executor begins. By default a failover of a service whose primary is lost.
 * The plan is built by the real planner from the real catalogue's descriptions; deadlines are shortened so that a failure does not take minutes.
 */
export async function seedApprovedRun(db: Db, describe: StepDescriber, seed: Seed = lostPrimary): Promise<SeededRun> {
  const facts = { ...seed.facts(), describe }
  const { writer } = facts
  if (!writer) throw new TypeError('A run is about a service whose writer is known')
  const serviceId = `shortener-${randomUUID().slice(0, 8)}`
  const config = { ...facts.config, id: serviceId }
  const configDigest = digestOf(config)
  const built = seed.build({ ...facts, config, configDigest })
  const plan: Plan = { ...built, steps: built.steps.map((step) => ({ ...step, deadlineMs: 4_000, budgetMs: 2_000 })) }
  const digest = digestOf(plan)
  const people = { operator: randomUUID(), approver: randomUUID() }
  for (const [role, id] of Object.entries(people)) {
    await db.user.create({ data: { id, name: role, email: `${id}@test`, grants: { create: { service: '*', role } } } })
  }
  await db.service.create({
    data: {
      id: serviceId,
      name: config.name,
      config: toJson(config) ?? {},
      configDigest,
      writerServerId: writer.serverId,
      writerRegion: writer.region,
      writerTimeline: writer.timeline,
      writerSystemIdentifier: writer.systemIdentifier,
      lease: { create: {} },
    },
  })
  const planId = randomUUID()
  const runId = randomUUID()
  const inAnHour = new Date(Date.now() + 3_600_000)
  await db.plan.create({ data: { id: planId, serviceId, kind: plan.kind, digest, document: toJson(plan) ?? {} } })
  await db.run.create({
    data: {
      id: runId,
      serviceId,
      kind: plan.kind,
      state: 'approved',
      planId,
      digest,
      requesterId: people.operator,
      requester: { type: 'user', id: people.operator, email: 'operator@test', via: 'session' },
      reason: 'asked for by a test',
      requestedAt: new Date(),
      expiresAt: inAnHour,
      approvedAt: new Date(),
      steps: { create: plan.steps.map((step, position) => ({ key: step.key, position, stepId: step.stepId })) },
      approvals: {
        create: {
          id: randomUUID(),
          digest,
          userId: people.approver,
          approver: { type: 'user', id: people.approver, email: 'approver@test', via: 'session' },
          decision: 'approve',
          comment: '',
          decidedAt: new Date(),
          expiresAt: inAnHour,
        },
      },
    },
  })
  await seeObservations(db, serviceId, facts.observations)
  return { runId, serviceId, plan, digest }
}

/** The facts' observations, as fresh now as they were in the facts, and not to go stale while a test runs. */
async function seeObservations(db: Db, serviceId: string, observations: readonly Observation[]): Promise<void> {
  const shift = Date.now() - factsNow
  await db.observation.createMany({
    data: observations.map((each) => ({
      serviceId,
      kind: each.kind,
      subject: each.subject,
      vantage: each.vantage,
      ok: each.ok,
      failure: each.failure,
      facts: toJson(each.facts) ?? {},
      intervalMs: 600_000,
      observedAt: new Date(Date.parse(each.observedAt) + shift),
    })),
  })
}
