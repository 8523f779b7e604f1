import { furthestLsn } from '../lsn'
import type { RegionConfig, ServerConfig, ServiceConfig } from '../service-config'
import { type Draft, drafter, numbered, part } from './assemble'
import { lastKnown, type PlanFacts, sidesOf } from './facts'
import { chooseCandidate } from './failover-loss'
import { failoverInputs } from './failover-steps'
import { rejoinInputs, slotOf } from './rejoin-steps'
import { serveSteps, trafficSteps } from './serving-steps'
import { switchoverFindings } from './switchover-findings'
import { switchoverInputs } from './switchover-steps'
import type { Plan, PlanStep } from './types'

const draft = drafter({ ...failoverInputs, ...rejoinInputs, ...switchoverInputs })

/** After a clean handover the old primary has nothing that its successor lacks: under this it counts as caught up. */
const caughtUpSeconds = 1

/** The steps between the first refused and the first accepted write. */
const outageSteps: readonly string[] = [
  'agent.stop-primary',
  'postgres.prove-handover',
  'postgres.promote-candidate',
  'postgres.prove-writable',
]

/**
 * The planned handover, which loses nothing: look → prewarm and scale → checkpoint → stop → prove → promote → prove writable → point → redirect → rejoin.
 * Everything slow comes before the stop or after the promotion. Pure: equal facts give an equal plan; its blockers say why one cannot run.
 */
export function buildSwitchoverPlan(facts: PlanFacts): Plan {
  const { config, writer } = facts
  const { from, to, primary } = sidesOf(config, writer)
  const candidate = chooseCandidate(facts)
  const target = candidate ?? to.servers[0] ?? primary
  const handover = {
    config,
    from,
    to,
    primary,
    target,
    systemIdentifier: writer?.systemIdentifier ?? 'unknown',
    timeline: writer?.timeline ?? 0,
  }
  const steps = numbered(facts.describe, [...beforeStop(handover), ...handOver(handover), ...afterPromotion(handover)])
  const known = lastKnown(facts, 'agent', target.id)?.facts
  return {
    schema: 1,
    service: config.id,
    kind: 'switchover',
    summary: `Switch ${config.name} over from ${from.name} to ${to.name}: stop ${primary.id} in order, promote ${target.id}, move traffic, rejoin ${primary.id} as a standby.`,
    inputs: facts.inputs,
    builtAt: new Date(facts.nowMs).toISOString(),
    configDigest: facts.configDigest,
    from: {
      region: from.id,
      serverId: primary.id,
      systemIdentifier: handover.systemIdentifier,
      timeline: handover.timeline,
    },
    to: {
      region: to.id,
      serverId: target.id,
      systemIdentifier: known?.systemIdentifier ?? 'unknown',
      timeline: known?.timeline ?? 0,
    },
    incidentId: null,
    steps,
    findings: switchoverFindings(facts, candidate),
    overrides: [],
    expected: expectedOutage(facts, steps, primary, candidate),
  }
}

type Handover = {
  config: ServiceConfig
  from: RegionConfig
  to: RegionConfig
  primary: ServerConfig
  target: ServerConfig
  systemIdentifier: string
  timeline: number
}

const workloadOf = ({ workload }: RegionConfig) => ({
  namespace: workload.namespace,
  deployment: workload.deployment,
})

/** While everything still serves: see, warm, scale, and write what the stop would otherwise have to write. */
function beforeStop(handover: Handover): Draft[] {
  const { config, from, primary, target, systemIdentifier, timeline } = handover
  const { budgets, policies, objectives } = config
  const server = { serverId: primary.id, systemIdentifier, region: from.id, timeline }
  return [
    draft('postgres.check-calm', budgets.verifyMs, {
      ...server,
      candidateServerId: target.id,
      candidateHost: target.host,
      candidatePort: target.port,
      maxLagBytes: policies.switchoverMaxLagBytes,
      maxLagSeconds: objectives.lagAlertSeconds,
    }),
    ...serveSteps(handover).filter((each) => each.stepId !== 'workload.point-at-primary'),
    draft('agent.checkpoint-primary', budgets.checkpointMs, {
      ...server,
      checkpointDeadlineMs: budgets.checkpointMs,
    }),
  ]
}

/** From the first refused write to the first accepted one: nothing is in here that could be anywhere else. */
function handOver(handover: Handover): Draft[] {
  const { config, from, to, primary, target, systemIdentifier, timeline } = handover
  const { budgets } = config
  const old = { serverId: primary.id, systemIdentifier, region: from.id, timeline, candidateServerId: target.id }
  const successor = { serverId: target.id, systemIdentifier, region: to.id }
  return [
    draft('agent.stop-primary', budgets.fenceMs, {
      ...old,
      outputStepKey: 'agent.checkpoint-primary',
      // Everything still serves while it waits for the marker.
      markerWaitMs: part(budgets.fenceMs, 0.5),
      stopDeadlineMs: Math.max(1000, part(budgets.fenceMs, 0.5)),
    }),
    // Twice the wait, and room for a candidate that does not answer: the step itself says what it lacked.
    draft('postgres.prove-handover', budgets.handoverMs + 5_000, {
      ...old,
      fenceStepKey: 'agent.stop-primary',
      waitMs: budgets.handoverMs,
    }),
    draft('postgres.promote-candidate', part(budgets.promoteMs, 0.9), {
      ...successor,
      timeline,
      host: target.host,
      port: target.port,
      fencedServerId: primary.id,
      evidenceStepKey: 'postgres.prove-handover',
      promoteDeadlineMs: part(budgets.promoteMs, 0.9),
    }),
    draft('postgres.prove-writable', part(budgets.promoteMs, 0.1), { ...successor, newerThanTimeline: timeline }),
  ]
}

/**
 * The destination is pointed, then traffic follows. Then the old primary rejoins, which needs no rewind after a clean stop, and only then its region is pointed: instances that
 * read from their own region's server are not ready before it is back.
 */
function afterPromotion(handover: Handover): Draft[] {
  const { config, from, to, primary, target, systemIdentifier } = handover
  const { budgets, dns } = config
  const pointed = (region: RegionConfig): Draft[] =>
    serveSteps({ ...handover, from: region === from ? to : from, to: region }).filter(
      (each) => each.stepId === 'workload.point-at-primary',
    )
  return [
    ...pointed(to),
    ...trafficSteps(handover),
    draft('agent.rejoin-standby', budgets.fenceMs * 2, {
      serverId: primary.id,
      systemIdentifier,
      region: from.id,
      upstreamServerId: target.id,
      upstreamHost: target.host,
      upstreamPort: target.port,
      slot: slotOf(primary.id),
    }),
    draft('postgres.await-catch-up', budgets.catchUpMs, {
      serverId: primary.id,
      systemIdentifier,
      primaryServerId: target.id,
      maxLagSeconds: caughtUpSeconds,
    }),
    ...pointed(from),
    draft('workload.shrink-region', budgets.scaleMs, {
      region: from.id,
      replicas: from.workload.standbyReplicas,
      name: dns.name,
      answers: to.answers,
      ...workloadOf(from),
    }),
  ]
}

/** Expected time is the time without writes. Low: as the steps took before; high: their budgets. Loss is proved zero, or nothing is promoted. */
function expectedOutage(
  facts: PlanFacts,
  steps: readonly PlanStep[],
  primary: ServerConfig,
  candidate: ServerConfig | null,
): Plan['expected'] {
  const held = steps.filter((step) => outageSteps.includes(step.stepId))
  const medians = held.flatMap((step) => median(facts.history?.[step.stepId] ?? []) ?? [])
  const whole = medians.length === held.length
  const usual = whole ? medians.reduce((sum, each) => sum + each, 0) : 0
  const high = held.reduce((sum, step) => sum + step.budgetMs / 1000, 0)
  const [from, to] = [lastKnown(facts, 'agent', primary.id), candidate && lastKnown(facts, 'agent', candidate.id)]
  return {
    rtoSeconds: { low: round(usual), high: round(high) },
    parts: [
      ...(whole ? [{ label: 'Without writes, as it took before', seconds: round(usual) }] : []),
      { label: 'Without writes, if every step used its whole budget', seconds: round(high) },
      {
        label: 'Cached answers (TTL); until then users reach the region that was left',
        seconds: facts.config.dns.ttlSeconds,
      },
    ],
    loss: {
      certainty: 'exact',
      primaryLsn: from?.facts.currentLsn ?? null,
      primaryLsnAt: from?.observedAt ?? null,
      candidateLsn: furthestLsn(to?.facts.receivedLsn, to?.facts.replayedLsn),
      candidateLsnAt: to?.observedAt ?? null,
      bytes: 0,
      seconds: 0,
      beyond:
        'The candidate is promoted only after it was proved to have the last record of the old primary. If it has not by the deadline, the old primary is started again and nothing was promoted.',
    },
  }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
