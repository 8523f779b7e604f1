import { appliedUpTo, type DelayedServer } from '../delayed'
import { furthestLsn, lsnDiffBytes } from '../lsn'
import type { RegionConfig, ServerConfig } from '../service-config'
import { type Draft, drafter, numbered, part } from './assemble'
import { lastKnown, type PlanFacts, sidesOf } from './facts'
import { failoverInputs } from './failover-steps'
import { chosenDelayed, otherStandbys, restoreFenceMethod, rollForwardFindings } from './roll-forward-findings'
import { type RollForwardRequest, rollForwardInputs, rollForwardRequest } from './roll-forward-steps'
import { serveSteps, trafficSteps } from './serving-steps'
import type { LossStatement, Plan, PlanStep } from './types'

const draft = drafter({ ...failoverInputs, ...rollForwardInputs })

/** One call to the agent; a restart of a busy server takes a while before it applies anything. */
const callDeadlineMs = 30_000

type Restore = {
  facts: PlanFacts
  request: RollForwardRequest
  chosen: DelayedServer
  from: RegionConfig
  primary: ServerConfig
  systemIdentifier: string
  timeline: number
}

/**
 * The fast way out of a bad change: hold the delayed standby → roll it forward to the moment before → look at what it holds → fence the old primary → prove →
 * promote → prove writable → stop what has the bad change → point both regions → redirect → verify. Until the fence nothing that serves is touched.
 * Pure: equal facts give an equal plan; its blockers say why one cannot run.
 */
export function buildRollForwardPlan(facts: PlanFacts): Plan {
  const { config, writer } = facts
  const request = rollForwardRequest.parse(facts.inputs)
  const { from, to: otherRegion, primary } = sidesOf(config, writer)
  const found = chosenDelayed(facts, request)
  // A plan that cannot run is still shown: then it names the server that would have been meant.
  const chosen = found ?? { region: otherRegion, server: otherRegion.servers[0] ?? primary, delayMs: 0 }
  const systemIdentifier = writer?.systemIdentifier ?? 'unknown'
  const timeline = writer?.timeline ?? 0
  const restore = { facts, request, chosen, from, primary, systemIdentifier, timeline }
  const steps = numbered(facts.describe, [...rollSteps(restore), ...turnSteps(restore), ...serviceSteps(restore)])
  const known = lastKnown(facts, 'agent', chosen.server.id)?.facts
  const expected = expectedTime(facts, steps)
  return {
    schema: 1,
    service: config.id,
    kind: 'restore',
    summary: `Take ${config.name} back to ${request.at}: roll ${chosen.server.id} forward to it, fence ${primary.id}, promote ${chosen.server.id}.`,
    inputs: facts.inputs,
    builtAt: new Date(facts.nowMs).toISOString(),
    configDigest: facts.configDigest,
    from: { region: from.id, serverId: primary.id, systemIdentifier, timeline },
    to: {
      region: chosen.region.id,
      serverId: chosen.server.id,
      systemIdentifier: known?.systemIdentifier ?? 'unknown',
      timeline: known?.timeline ?? 0,
    },
    incidentId: facts.incident?.id ?? null,
    steps,
    findings: [...rollForwardFindings(facts, request, found), ...expected.findings],
    overrides: [],
    expected: { ...expected.time, loss: lossOf(restore) },
  }
}

/** Nothing that serves is touched here, and all of it is taken back by following again. */
function rollSteps({ facts, request, chosen, systemIdentifier, timeline }: Restore): Draft[] {
  const { budgets } = facts.config
  const server = { serverId: chosen.server.id, systemIdentifier, region: chosen.region.id }
  return [
    draft('agent.hold-replay', budgets.confirmMs, { ...server, at: request.at }),
    draft('agent.roll-forward', budgets.rollForwardMs, { ...server, at: request.at, callDeadlineMs }),
    draft('postgres.check-content', budgets.verifyMs, { ...server, timeline, at: request.at }),
  ]
}

function turnSteps(restore: Restore): Draft[] {
  const { facts, chosen, from, primary, systemIdentifier, timeline } = restore
  const { budgets } = facts.config
  const old = { serverId: primary.id, systemIdentifier }
  const method = restoreFenceMethod(facts) ?? 'agent'
  const fenceMs = part(budgets.fenceMs, 0.7)
  const fence =
    method === 'agent'
      ? draft('agent.fence-primary', fenceMs, {
          ...old,
          region: from.id,
          fenceDeadlineMs: Math.max(1000, Math.floor(fenceMs / 2)),
        })
      : draft('platform.power-off-primary', fenceMs, {
          ...old,
          region: from.id,
          hostId: primary.platformHostId ?? '',
        })
  const successor = { serverId: chosen.server.id, systemIdentifier, region: chosen.region.id }
  return [
    fence,
    draft('postgres.verify-fence', part(budgets.fenceMs, 0.3), {
      ...old,
      method,
      hostId: primary.platformHostId ?? null,
      fenceStepKey: fence.stepId,
    }),
    draft('postgres.promote-candidate', part(budgets.promoteMs, 0.9), {
      ...successor,
      timeline,
      host: chosen.server.host,
      port: chosen.server.port,
      fencedServerId: primary.id,
      evidenceStepKey: 'postgres.verify-fence',
      promoteDeadlineMs: part(budgets.promoteMs, 0.9),
    }),
    draft('postgres.prove-writable', part(budgets.promoteMs, 0.1), { ...successor, newerThanTimeline: timeline }),
  ]
}

/** Both regions serve from here on, so both are pointed; traffic moves only when the new writer is in the other region. */
function serviceSteps({ facts, chosen, from, systemIdentifier }: Restore): Draft[] {
  const { config } = facts
  const to = chosen.region
  const other = config.regions.find((region) => region.id !== to.id) ?? to
  const stop = otherStandbys(facts, chosen).map(({ id, region }) =>
    draft('agent.stop-standby', part(config.budgets.fenceMs, 0.5), {
      serverId: id,
      systemIdentifier,
      region,
      writerServerId: chosen.server.id,
    }),
  )
  const pointOther = serveSteps({ config, from: to, to: other, target: chosen.server }).filter(
    (each) => each.stepId === 'workload.point-at-primary',
  )
  const traffic = trafficSteps({ config, from: from.id === to.id ? other : from, to, target: chosen.server })
  return [
    ...stop,
    ...serveSteps({ config, from, to, target: chosen.server }),
    ...pointOther,
    ...(from.id === to.id ? traffic.filter((each) => each.stepId === 'service.verify-synthetic') : traffic),
  ]
}

/**
 * What is left behind, on purpose. At most: from the last that the delayed standby has applied, which is before the moment, to the primary's newest
 * position. It is not gone: the old primary is fenced with it.
 */
function lossOf({ facts, request, chosen, primary }: Restore): LossStatement {
  const [old, late] = [lastKnown(facts, 'agent', primary.id), lastKnown(facts, 'agent', chosen.server.id)]
  const primaryLsn = old?.facts.currentLsn ?? null
  const candidateLsn = late?.facts.replayedLsn ?? null
  const applied = late ? appliedUpTo(late.facts) : null
  const since =
    applied === null
      ? ''
      : ` The bytes are counted from ${applied}, up to which it has applied, so they are the upper bound.`
  return {
    certainty: primaryLsn && candidateLsn ? 'bounded' : 'unknown',
    primaryLsn: furthestLsn(primaryLsn),
    primaryLsnAt: old?.observedAt ?? null,
    candidateLsn,
    candidateLsnAt: late?.observedAt ?? null,
    bytes: primaryLsn && candidateLsn ? Math.max(0, lsnDiffBytes(primaryLsn, candidateLsn)) : null,
    seconds: Math.max(0, Math.round((facts.nowMs - Date.parse(request.at)) / 1000)),
    beyond: `Everything written from ${request.at} on is not in the new writer, and grows until ${primary.id} is fenced. It is kept there, readable, and can be merged later.${since}`,
  }
}

function expectedTime(facts: PlanFacts, steps: readonly PlanStep[]) {
  const budgets = steps.reduce((sum, step) => sum + step.budgetMs, 0) / 1000
  const medians = steps.flatMap((step) => median(facts.history?.[step.stepId] ?? []) ?? [])
  const whole = steps.length > 0 && medians.length === steps.length
  const usual = medians.reduce((sum, each) => sum + each, 0)
  const target = facts.config.objectives.failoverSeconds
  const time = {
    rtoSeconds: { low: round(whole ? usual : facts.config.dns.ttlSeconds), high: round(budgets) },
    parts: [
      whole
        ? { label: 'Steps, as they took before', seconds: round(usual) }
        : { label: 'Steps, if each uses its whole budget', seconds: round(budgets) },
      { label: 'Cached answers (TTL, within the steps)', seconds: facts.config.dns.ttlSeconds },
    ],
  }
  const findings =
    budgets <= target
      ? []
      : [
          {
            code: 'objective.rto-beyond-budgets',
            severity: 'info' as const,
            message: `If every step took its whole budget, it would take ${Math.round(budgets)} s; the objective is ${target} s.`,
            remedy: 'Lower the budgets to what the steps really need.',
            observedAt: null,
            stepId: null,
          },
        ]
  return { time, findings }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
