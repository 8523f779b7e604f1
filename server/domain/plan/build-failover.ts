import type { Finding } from '../finding'
import type { JsonObject } from '../json'
import type { ServerConfig } from '../service-config'
import { expectedRto } from './expected'
import { type FailoverFacts, lastKnown, sidesOf } from './facts'
import { type FenceMethod, failoverFindings, fenceMethod, isRehearsal, lastHeardAt } from './failover-findings'
import { chooseCandidate, statementOfLoss } from './failover-loss'
import { type FailoverStepId, failoverInputs } from './failover-steps'
import type { Plan, PlanStep } from './types'

export type { FailoverFacts } from './facts'

/** Blockers that break-glass may override by name, and what each then risks. Nothing else can be overridden. */
export const overridable: Readonly<Record<string, string>> = {
  'fencing.not-provable':
    'The old primary may still be running and taking writes. Two writable primaries would diverge, and one side of what they took is lost.',
  'outage.not-confirmed':
    'The outage may be in the sight of one vantage point only: a healthy region may be failed over.',
}

type Draft = { stepId: FailoverStepId; input: JsonObject; budgetMs: number }

/**
 * The plan for a dead or unreachable primary region: fence → prove → promote → prove writable → point → prewarm → scale → redirect → verify.
 * Pure: equal facts give an equal plan. Always returns one, so that a plan that cannot run still shows why; its blockers say so.
 */
export function buildFailoverPlan(facts: FailoverFacts): Plan {
  const { config } = facts
  const { from, to, primary } = sidesOf(config, facts.writer)
  const candidate = chooseCandidate(facts)
  const target = candidate ?? to.servers[0] ?? primary
  const loss = statementOfLoss(facts, candidate)
  const found = failoverFindings(facts, candidate, loss)
  const overrides = overridesOf(facts, found)
  const method = fenceMethod(facts)
  const systemIdentifier = facts.writer?.systemIdentifier ?? 'unknown'
  const timeline = facts.writer?.timeline ?? 0
  const steps = numbered(facts, draftSteps({ facts, target, method, overrides, loss }))
  const expected = expectedRto(facts, steps)
  const verb = isRehearsal(facts) ? 'Would fail over' : 'Fail over'
  return {
    schema: 1,
    service: config.id,
    kind: 'failover',
    summary: `${verb} ${config.name} from ${from.name} to ${to.name}: fence ${primary.id}, promote ${target.id}, move traffic.`,
    inputs: facts.inputs,
    builtAt: new Date(facts.nowMs).toISOString(),
    configDigest: facts.configDigest,
    from: { region: from.id, serverId: primary.id, systemIdentifier, timeline },
    to: {
      region: to.id,
      serverId: target.id,
      systemIdentifier: lastKnown(facts, 'agent', target.id)?.facts.systemIdentifier ?? 'unknown',
      timeline: lastKnown(facts, 'agent', target.id)?.facts.timeline ?? 0,
    },
    incidentId: facts.incident?.id ?? null,
    steps,
    findings: [...found.map((each) => softened(each, overrides)), ...budgetFindings(facts, expected.range.high)],
    overrides,
    expected: { rtoSeconds: expected.range, parts: expected.parts, loss },
  }
}

/** Overrides are what was asked for by name, may be overridden, stands in the way, and is asked by someone who may. */
function overridesOf(facts: FailoverFacts, found: readonly Finding[]): Plan['overrides'] {
  const asked = Array.isArray(facts.inputs.breakGlass) ? facts.inputs.breakGlass : []
  if (!facts.mayBreakGlass) return []
  return found.flatMap((each) => {
    const risk = overridable[each.code]
    return each.severity === 'blocker' && risk && asked.includes(each.code) ? [{ code: each.code, risk }] : []
  })
}

function softened(each: Finding, overrides: Plan['overrides']): Finding {
  const override = overrides.find((row) => row.code === each.code)
  return override
    ? { ...each, severity: 'warning', message: `${each.message} Overridden by break-glass: ${override.risk}` }
    : each
}

/** The arithmetic of the objective: a target that the budgets cannot keep is said before it is missed. */
function budgetFindings(facts: FailoverFacts, highSeconds: number): Finding[] {
  const { rtoSeconds } = facts.config.objectives
  if (highSeconds <= rtoSeconds) return []
  return [
    {
      code: 'objective.rto-beyond-budgets',
      severity: 'info',
      message: `If detection took its worst and every step its whole budget, recovery would take ${Math.round(highSeconds)} s; the objective is ${rtoSeconds} s.`,
      remedy: 'Probe more often, lower the TTL, or lower the budgets to what the steps really need.',
      observedAt: null,
      stepId: null,
    },
  ]
}

type DraftInput = {
  facts: FailoverFacts
  target: ServerConfig
  method: FenceMethod | null
  overrides: Plan['overrides']
  loss: Plan['expected']['loss']
}

function draftSteps(input: DraftInput): Draft[] {
  return [
    ...confirmSteps(input),
    ...fenceSteps(input),
    ...promoteSteps(input),
    ...serveSteps(input),
    ...trafficSteps(input),
  ]
}

/** A budget covers an action and its proof; each of the two steps gets its share. */
function part(budgetMs: number, share: number): number {
  return Math.max(1, Math.round(budgetMs * share))
}

/** Keeps a step's input within what the step will parse. */
function draft<S extends FailoverStepId>(
  stepId: S,
  budgetMs: number,
  input: (typeof failoverInputs)[S]['_input'],
): Draft {
  return { stepId, budgetMs, input: failoverInputs[stepId].parse(input) as JsonObject }
}

function confirmSteps({ facts, target, overrides, loss }: DraftInput): Draft[] {
  const { config, writer } = facts
  const { from, primary } = sidesOf(config, writer)
  const { vantagePoints, quorum } = config.probes
  const confirm = draft('service.confirm-outage', part(config.budgets.confirmMs, 0.6), {
    region: from.id,
    publicName: config.dns.name,
    vantagePoints,
    quorum,
    healthUrl: new URL(config.probes.healthPath, from.endpointUrl).href,
  })
  const freeze = draft('postgres.freeze-loss-statement', part(config.budgets.confirmMs, 0.4), {
    serverId: target.id,
    systemIdentifier: writer?.systemIdentifier ?? 'unknown',
    timeline: writer?.timeline ?? 0,
    primaryServerId: primary.id,
    primaryLsn: loss.primaryLsn,
    primaryLsnAt: loss.primaryLsnAt,
  })
  return overrides.some((row) => row.code === 'outage.not-confirmed') ? [freeze] : [confirm, freeze]
}

function fenceSteps({ facts, target, method }: DraftInput): Draft[] {
  const { config, writer } = facts
  const { from, primary } = sidesOf(config, writer)
  const server = { serverId: primary.id, systemIdentifier: writer?.systemIdentifier ?? 'unknown' }
  const fenceMs = part(config.budgets.fenceMs, 0.7)
  if (method === null) {
    return [
      draft('operator.accept-unfenced', fenceMs, {
        ...server,
        region: from.id,
        risk: overridable['fencing.not-provable'] ?? '',
      }),
    ]
  }
  const { selfFenceMs } = config.policies
  const fence = {
    agent: () =>
      draft('agent.fence-primary', fenceMs, {
        ...server,
        region: from.id,
        fenceDeadlineMs: Math.max(1000, Math.floor(fenceMs / 2)),
      }),
    platform: () =>
      draft('platform.power-off-primary', fenceMs, {
        ...server,
        region: from.id,
        hostId: primary.platformHostId ?? '',
      }),
    'self-fence': () =>
      draft('agent.await-self-fence', fenceMs + selfFenceMs, {
        ...server,
        region: from.id,
        standbyServerIds: [target.id],
        selfFenceMs,
        lastHeardAt: lastHeardAt(facts),
      }),
  }[method]()
  const verify = draft('postgres.verify-fence', part(config.budgets.fenceMs, 0.3), {
    ...server,
    method,
    hostId: primary.platformHostId ?? null,
    fenceStepKey: fence.stepId,
  })
  return [fence, verify]
}

function promoteSteps({ facts, target, method }: DraftInput): Draft[] {
  const { config, writer } = facts
  const { to, primary } = sidesOf(config, writer)
  const server = { serverId: target.id, systemIdentifier: writer?.systemIdentifier ?? 'unknown' }
  const timeline = writer?.timeline ?? 0
  return [
    draft('postgres.promote-candidate', part(config.budgets.promoteMs, 0.9), {
      ...server,
      timeline,
      region: to.id,
      host: target.host,
      port: target.port,
      fencedServerId: primary.id,
      evidenceStepKey: method === null ? 'operator.accept-unfenced' : 'postgres.verify-fence',
      promoteDeadlineMs: part(config.budgets.promoteMs, 0.9),
    }),
    draft('postgres.prove-writable', part(config.budgets.promoteMs, 0.1), {
      ...server,
      region: to.id,
      newerThanTimeline: timeline,
    }),
  ]
}

function serveSteps({ facts, target }: DraftInput): Draft[] {
  const { config } = facts
  const { from, to } = sidesOf(config, facts.writer)
  const point = draft('workload.point-at-primary', config.budgets.pointMs, {
    region: to.id,
    serverId: target.id,
    host: target.host,
    port: target.port,
    hostEnv: config.database.writerEnv,
    portEnv: config.database.writerPortEnv,
    namespace: to.workload.namespace,
    deployment: to.workload.deployment,
  })
  const prewarm =
    config.prewarm && to.cache
      ? [
          draft('cache.prewarm', config.budgets.prewarmMs, {
            region: to.id,
            serverId: target.id,
            ...config.prewarm,
            cacheAddress: `${to.cache.host}:${to.cache.port}`,
          }),
        ]
      : []
  const scale = draft('workload.scale-region', config.budgets.scaleMs, {
    region: to.id,
    namespace: to.workload.namespace,
    deployment: to.workload.deployment,
    replicas: from.workload.primaryReplicas,
  })
  return [point, ...prewarm, scale]
}

function trafficSteps({ facts }: DraftInput): Draft[] {
  const { config } = facts
  const { from, to } = sidesOf(config, facts.writer)
  const { dns, synthetic, budgets } = config
  const turn = { name: dns.name, fromRegion: from.id, toRegion: to.id, writableStepKey: 'postgres.prove-writable' }
  const redirect =
    dns.redirect.method === 'health-switch'
      ? draft('dns.turn-switch', part(budgets.dnsMs, 0.2), {
          ...turn,
          bucket: dns.redirect.stores[to.id]?.bucket,
          switchKey: dns.redirect.stores[to.id]?.key,
        })
      : draft('dns.edit-records', part(budgets.dnsMs, 0.2), { ...turn, zoneId: dns.zoneId, answers: to.answers })
  return [
    redirect,
    draft('dns.await-resolvers', Math.max(part(budgets.dnsMs, 0.8), dns.ttlSeconds * 1000), {
      name: dns.name,
      region: to.id,
      answers: to.answers,
      resolvers: dns.resolvers,
      ttlSeconds: dns.ttlSeconds,
    }),
    draft('service.verify-synthetic', budgets.verifyMs, {
      name: dns.name,
      region: to.id,
      port: synthetic.port,
      answers: to.answers,
      createPath: synthetic.createPath,
      followPath: synthetic.followPath,
      target: synthetic.target,
      timeoutMs: config.probes.timeoutMs,
    }),
  ]
}

/** References between steps are by step id until here; the plan carries keys, which are unique even if a step comes twice. */
const references = ['fenceStepKey', 'evidenceStepKey', 'writableStepKey'] as const

function numbered(facts: FailoverFacts, drafts: readonly Draft[]): PlanStep[] {
  const keys = new Map(
    drafts.map((each, index) => [each.stepId as string, `${String(index + 1).padStart(2, '0')}-${each.stepId}`]),
  )
  return drafts.map((each) => {
    const input: JsonObject = { ...each.input }
    for (const name of references) {
      const referred = input[name]
      if (typeof referred === 'string') input[name] = keys.get(referred) ?? referred
    }
    const about = facts.describe(each.stepId, input)
    return {
      key: keys.get(each.stepId) ?? each.stepId,
      stepId: each.stepId,
      title: about.title,
      description: about.description,
      commands: about.commands,
      input,
      budgetMs: each.budgetMs,
      // Twice the budget before it counts as failed: the budget colours the clock, the deadline decides.
      deadlineMs: each.budgetMs * 2,
      maxAttempts: about.maxAttempts,
      reversible: about.reversible,
      undo: about.undo,
      pointOfNoReturn: about.pointOfNoReturn,
      skippable: about.skippable,
      changes: about.changes,
    }
  })
}
