import type { Finding } from '../finding'
import type { ServerConfig } from '../service-config'
import { type Draft, drafter, numbered, part } from './assemble'
import { expectedRto } from './expected'
import { lastKnown, type PlanFacts, sidesOf } from './facts'
import { type FenceMethod, failoverFindings, fenceMethod, isRehearsal, lastHeardAt } from './failover-findings'
import { chooseCandidate, statementOfLoss } from './failover-loss'
import { failoverInputs } from './failover-steps'
import { serveSteps, trafficSteps } from './serving-steps'
import type { Plan } from './types'

export type { PlanFacts } from './facts'

/** Blockers that break-glass may override by name, and what each then risks. Nothing else can be overridden. */
export const overridable: Readonly<Record<string, string>> = {
  'fencing.not-provable':
    'The old primary may still be running and taking writes. Two writable primaries would diverge, and one side of what they took is lost.',
  'outage.not-confirmed':
    'The outage may be in the sight of one vantage point only: a healthy region may be failed over.',
}

const draft = drafter(failoverInputs)

/**
 * The plan for a dead or unreachable primary region: fence → prove → promote → prove writable → point → prewarm → scale → redirect → verify.
 * Pure: equal facts give an equal plan. Always returns one, so that a plan that cannot run still shows why; its blockers say so.
 */
export function buildFailoverPlan(facts: PlanFacts): Plan {
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
  const steps = numbered(facts.describe, draftSteps({ facts, target, method, overrides, loss }))
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
function overridesOf(facts: PlanFacts, found: readonly Finding[]): Plan['overrides'] {
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
function budgetFindings(facts: PlanFacts, highSeconds: number): Finding[] {
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
  facts: PlanFacts
  target: ServerConfig
  method: FenceMethod | null
  overrides: Plan['overrides']
  loss: Plan['expected']['loss']
}

function draftSteps(input: DraftInput): Draft[] {
  const { config, writer } = input.facts
  const { from, to } = sidesOf(config, writer)
  const turn = { config, from, to, target: input.target }
  return [
    ...confirmSteps(input),
    ...fenceSteps(input),
    ...promoteSteps(input),
    ...serveSteps(turn),
    ...trafficSteps(turn),
  ]
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
        standbys: [{ serverId: target.id, follows: lastKnown(facts, 'agent', target.id)?.facts.follows ?? null }],
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
