import { type Draft, drafter, numbered, part } from './assemble'
import { lastKnown, type PlanFacts, sidesOf } from './facts'
import { alreadyStandby, failbackFindings, forkOf, returnedServer } from './failback-findings'
import { failbackInputs } from './failback-steps'
import { failoverInputs } from './failover-steps'
import { rejoinInputs, slotOf } from './rejoin-steps'
import { switchoverInputs } from './switchover-steps'
import type { Plan, PlanStep } from './types'

const draft = drafter({ ...failbackInputs, ...rejoinInputs, ...failoverInputs, ...switchoverInputs })

/** Of a kept divergence, a table. More is counted, and the old data directory is kept whole beside. */
const rowsPerTable = 10_000

/**
 * The plan for a region that comes back: power on → prove it held out → keep what only it has → rewind or copy → rejoin → catch up → compare → serve as a
 * standby. The writer does not move. Pure: equal facts give an equal plan; one is always returned, its blockers say why it cannot run.
 */
export function buildFailbackPlan(facts: PlanFacts): Plan {
  const { config } = facts
  const { from, to, primary } = sidesOf(config, facts.writer)
  const returned = returnedServer(facts) ?? primary
  const known = lastKnown(facts, 'agent', returned.id)?.facts
  const systemIdentifier = facts.writer?.systemIdentifier ?? 'unknown'
  const steps = numbered(facts.describe, draftSteps(facts))
  const fork = forkOf(facts, known?.timeline ?? null)
  return {
    schema: 1,
    service: config.id,
    kind: 'failback',
    summary: `Bring ${to.name} back as the standby of ${from.name}: keep what only ${returned.id} has, rejoin it, prove it equal. The writer stays ${primary.id}.`,
    inputs: facts.inputs,
    builtAt: new Date(facts.nowMs).toISOString(),
    configDigest: facts.configDigest,
    from: { region: from.id, serverId: primary.id, systemIdentifier, timeline: facts.writer?.timeline ?? 0 },
    to: {
      region: to.id,
      serverId: returned.id,
      systemIdentifier: known?.systemIdentifier ?? 'unknown',
      timeline: known?.timeline ?? 0,
    },
    incidentId: fork?.incidentId ?? null,
    steps,
    findings: failbackFindings(facts),
    overrides: [],
    expected: expected(facts, steps, fork?.forkLsn ?? null),
  }
}

/** Users notice nothing: the time is how long the run takes, not how long anything is down. */
function expected(facts: PlanFacts, steps: readonly PlanStep[], forkLsn: string | null): Plan['expected'] {
  const seconds = (ms: number): number => Math.round(ms / 100) / 10
  const longest = seconds(steps.reduce((sum, step) => sum + step.budgetMs, 0))
  const usual = steps.map((step) => {
    const took = [...(facts.history?.[step.stepId] ?? [])].sort((a, b) => a - b)
    return took[Math.floor((took.length - 1) / 2)] ?? null
  })
  const known = usual.every((each) => each !== null)
  const low = known ? usual.reduce((sum, each) => sum + (each ?? 0), 0) : 0
  return {
    rtoSeconds: { low: Math.round(low * 10) / 10, high: longest },
    parts: [{ label: 'Steps, if each uses its whole budget; the service is not interrupted', seconds: longest }],
    loss: {
      certainty: 'exact',
      primaryLsn: null,
      primaryLsnAt: null,
      candidateLsn: forkLsn,
      candidateLsnAt: null,
      bytes: 0,
      seconds: 0,
      beyond:
        'The writer does not move, so nothing is lost by this run. What only the returned server has is written down before it is rewound.',
    },
  }
}

function draftSteps(facts: PlanFacts): Draft[] {
  return alreadyStandby(facts)
    ? [...holdOut(facts), ...rejoin(facts), ...prove(facts)]
    : [powerOn(facts), ...holdOut(facts), ...rebuild(facts), ...rejoin(facts), ...prove(facts)]
}

function about(facts: PlanFacts) {
  const { config } = facts
  const { from, to, primary } = sidesOf(config, facts.writer)
  const server = returnedServer(facts) ?? primary
  const systemIdentifier = facts.writer?.systemIdentifier ?? 'unknown'
  return { config, from, to, primary, server, same: { serverId: server.id, systemIdentifier } }
}

function powerOn(facts: PlanFacts): Draft {
  const { config, to, server, same } = about(facts)
  const hostId = config.platform ? (server.platformHostId ?? null) : null
  return draft('platform.power-on-host', config.failback.powerOnMs, { ...same, region: to.id, hostId })
}

/** Only once the region is back does its store answer, and a run may be asked for sooner than a worker has looked there. */
function holdOut(facts: PlanFacts): Draft[] {
  const { config, to } = about(facts)
  const { redirect } = config.dns
  if (redirect.method !== 'health-switch') return [heldOut(facts)]
  const store = redirect.stores[to.id]
  const takeAway = draft('dns.hold-out-region', part(config.budgets.verifyMs, 0.5), {
    region: to.id,
    bucket: store?.bucket,
    switchKey: store?.key,
  })
  return [takeAway, heldOut(facts)]
}

function heldOut(facts: PlanFacts): Draft {
  const { config, from, to, same } = about(facts)
  return draft('service.verify-held-out', config.budgets.verifyMs, {
    ...same,
    region: to.id,
    writerRegion: from.id,
    name: config.dns.name,
    answers: to.answers,
    needsSwitch: config.dns.redirect.method === 'health-switch' && to.initialRole === 'primary',
  })
}

function upstream(facts: PlanFacts) {
  const { primary, server } = about(facts)
  return {
    upstreamServerId: primary.id,
    upstreamHost: primary.host,
    upstreamPort: primary.port,
    slot: slotOf(server.id),
  }
}

function rebuild(facts: PlanFacts): Draft[] {
  const { config, to, server, same } = about(facts)
  const fork = forkOf(facts, lastKnown(facts, 'agent', server.id)?.facts.timeline ?? null)
  if (!fork) return []
  const { rebuildMs, keepMs } = config.failback
  return [
    draft('agent.keep-divergence', keepMs, {
      ...same,
      region: to.id,
      incidentId: fork.incidentId,
      forkLsn: fork.forkLsn,
      forkTimeline: fork.fromTimeline,
      rowsPerTable,
    }),
    draft('agent.rebuild-standby', rebuildMs, {
      ...same,
      ...upstream(facts),
      region: to.id,
      evidenceStepKey: 'agent.keep-divergence',
      rebuildDeadlineMs: Math.max(1000, part(rebuildMs, 0.9)),
    }),
  ]
}

function rejoin(facts: PlanFacts): Draft[] {
  const { config, to, primary, same } = about(facts)
  return [
    draft('agent.rejoin-standby', config.budgets.promoteMs, { ...same, ...upstream(facts), region: to.id }),
    draft('postgres.await-catch-up', config.budgets.catchUpMs, {
      ...same,
      primaryServerId: primary.id,
      maxLagSeconds: config.failback.maxLagSeconds,
    }),
  ]
}

function prove(facts: PlanFacts): Draft[] {
  const { config, from, to, primary, server, same } = about(facts)
  const { failback, database, synthetic, budgets } = config
  const { namespace, deployment, standbyReplicas } = to.workload
  return [
    draft('postgres.compare-tables', failback.compareMs, {
      ...same,
      primaryServerId: primary.id,
      maxTableBytes: failback.compareMaxTableBytes,
      timeLimitMs: Math.max(1000, part(failback.compareMs, 0.9)),
    }),
    draft('workload.point-at-primary', budgets.pointMs, {
      region: to.id,
      serverId: primary.id,
      host: primary.host,
      port: primary.port,
      hostEnv: database.writerEnv,
      portEnv: database.writerPortEnv,
      namespace,
      deployment,
    }),
    draft('workload.scale-region', budgets.scaleMs, {
      region: to.id,
      namespace,
      deployment,
      replicas: standbyReplicas,
    }),
    draft('workload.shrink-region', budgets.scaleMs, {
      region: to.id,
      replicas: standbyReplicas,
      name: config.dns.name,
      answers: from.answers,
      namespace,
      deployment,
    }),
    draft('service.smoke-test', budgets.verifyMs, {
      name: config.dns.name,
      port: synthetic.port,
      createPath: synthetic.createPath,
      followPath: synthetic.followPath,
      target: synthetic.target,
      timeoutMs: config.probes.timeoutMs,
      primaryServerId: primary.id,
      standbyServerId: server.id,
      region: to.id,
      endpointUrl: to.endpointUrl,
      seenWithinMs: 1000,
    }),
  ]
}
