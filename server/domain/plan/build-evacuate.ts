import { watchBudgetMs } from '../evacuation'
import type { RegionConfig } from '../service-config'
import { type Draft, drafter, numbered } from './assemble'
import { evacuateFindings } from './evacuate-findings'
import { type EvacuationSides, evacuationSides, type Move, normalShare, stagesOfMoves } from './evacuate-moves'
import { evacuateInputs } from './evacuate-steps'
import { lastKnown, type PlanFacts } from './facts'
import type { Plan, PlanStep } from './types'

const draft = drafter(evacuateInputs)

/** A region whose normal share is smaller than this would be looked for at the resolvers for too long to prove anything. */
const smallestShareSeen = 0.2

/**
 * The plan that takes a region out of the shared names, or brings it back: scale the region that gains → in stages, shift and watch → see it at the resolvers → verify.
 * Nothing is promoted and nothing is fenced; every shift can be taken back, and is when a stage goes badly. Pure: equal facts give an equal plan.
 */
export function buildEvacuatePlan(facts: PlanFacts): Plan {
  const sides = evacuationSides(facts)
  const { region, other, direction } = sides
  const stages = stagesOfMoves(facts)
  const steps = numbered(facts.describe, draftSteps(facts, sides, stages))
  const names = facts.config.dns.shared.map((each) => each.name).join(' and ')
  const [from, to] = direction === 'out' ? [region, other] : [other, region]
  return {
    schema: 1,
    service: facts.config.id,
    kind: 'evacuate',
    summary:
      direction === 'out'
        ? `Evacuate ${region.name}: take it out of ${names || 'no name'} in stages; ${other.name} carries the load.`
        : `Bring ${region.name} back into ${names || 'no name'} in stages, as configured.`,
    inputs: facts.inputs,
    builtAt: new Date(facts.nowMs).toISOString(),
    configDigest: facts.configDigest,
    from: placeOf(facts, from),
    to: placeOf(facts, to),
    incidentId: null,
    steps,
    findings: evacuateFindings(facts, stages),
    overrides: [],
    expected: { ...expectedTime(facts, steps), loss: nothingLost },
  }
}

const nothingLost: Plan['expected']['loss'] = {
  certainty: 'exact',
  primaryLsn: null,
  primaryLsnAt: null,
  candidateLsn: null,
  candidateLsnAt: null,
  bytes: 0,
  seconds: 0,
  beyond: 'The writer stays where it is: no write is moved, and none can be lost by this.',
}

function placeOf(facts: PlanFacts, region: RegionConfig): Plan['from'] {
  const server = region.servers.find((each) => each.id === facts.writer?.serverId) ?? region.servers[0]
  if (!server) throw new TypeError(`${region.id} has no server`)
  const known = lastKnown(facts, 'agent', server.id)?.facts
  return {
    region: region.id,
    serverId: server.id,
    systemIdentifier: known?.systemIdentifier ?? facts.writer?.systemIdentifier ?? 'unknown',
    timeline: known?.timeline ?? 0,
  }
}

/** Not an outage: how long the evacuation itself takes. The watches take their whole time by design; the rest at best next to none. */
function expectedTime(facts: PlanFacts, steps: readonly PlanStep[]): Omit<Plan['expected'], 'loss'> {
  const seconds = (ms: number) => Math.round(ms / 100) / 10
  const watches = steps.filter((step) => step.stepId === 'service.watch-error-rate').length
  const held = watches * facts.config.evacuation.holdMs
  const others = steps.filter((step) => step.stepId !== 'service.watch-error-rate')
  const rest = others.reduce((sum, step) => sum + step.budgetMs, 0)
  return {
    rtoSeconds: { low: seconds(held), high: seconds(held + rest) },
    parts: [
      { label: `Watching ${watches === 1 ? 'one stage' : `${watches} stages`}`, seconds: seconds(held) },
      { label: 'The other steps, if each uses its whole budget', seconds: seconds(rest) },
    ],
  }
}

function draftSteps(facts: PlanFacts, sides: EvacuationSides, stages: readonly Move[][]): Draft[] {
  if (stages.length === 0) return []
  return [
    scale(facts, sides),
    ...stages.flatMap((moves) => [...moves.map((move) => shift(facts, sides, move)), watch(facts, sides)]),
    ...seeShares(facts, sides),
    ...verify(facts, sides),
  ]
}

/** Out: the other region must serve everyone. Back: as many as its place in the service has. */
function scale({ config, writer }: PlanFacts, { region, gaining, direction }: EvacuationSides): Draft {
  const { workload } = gaining
  const everyone = Math.max(...config.regions.map((each) => each.workload.primaryReplicas))
  const usual = writer?.region === region.id ? workload.primaryReplicas : workload.standbyReplicas
  return draft('workload.scale-region', config.budgets.scaleMs, {
    region: gaining.id,
    namespace: workload.namespace,
    deployment: workload.deployment,
    replicas: direction === 'out' ? everyone : Math.max(1, usual),
  })
}

function shift({ config }: PlanFacts, { region, gaining }: EvacuationSides, move: Move): Draft {
  const { budgets, dns, probes } = config
  const turned = {
    name: move.name.name,
    zoneId: dns.zoneId,
    region: region.id,
    gainingRegion: gaining.id,
    vantagePoints: probes.vantagePoints,
  }
  if (move.kind === 'places') {
    return draft('dns.shift-places', budgets.dnsMs, { ...turned, before: move.before, after: move.after })
  }
  const { percent, before, after, original } = move
  return draft('dns.shift-weight', budgets.dnsMs, { ...turned, percent, before, after, original })
}

function watch({ config }: PlanFacts, { gaining }: EvacuationSides): Draft {
  const { evacuation, synthetic, probes, dns } = config
  return draft('service.watch-error-rate', watchBudgetMs(evacuation), {
    names: dns.shared.map((each) => each.name),
    gainingRegion: gaining.id,
    answers: gaining.answers,
    healthPath: probes.healthPath,
    healthUrl: new URL(probes.healthPath, gaining.endpointUrl).href,
    ...synthetic,
    timeoutMs: probes.timeoutMs,
    holdMs: evacuation.holdMs,
    maxErrorRate: evacuation.maxErrorRate,
    minRequests: evacuation.minRequests,
  })
}

/**
 * Weighted answers are a matter of chance: several looks, a TTL apart. A resolver's place is not known, so on the way back a geolocation name proves nothing there; its
 * records were verified when they were shifted.
 */
function seeShares({ config }: PlanFacts, { region, direction }: EvacuationSides): Draft[] {
  const { dns, evacuation, budgets } = config
  const names = dns.shared.flatMap((name) => {
    if (direction === 'out')
      return [{ name: name.name, looks: name.policy === 'weighted' ? evacuation.resolverLooks : 1 }]
    if (name.policy === 'geolocation' || normalShare(config, name, region.id) < smallestShareSeen) return []
    return [{ name: name.name, looks: 1 }]
  })
  if (names.length === 0) return []
  const ttlSeconds = Math.max(...dns.shared.map((name) => name.ttlSeconds))
  const looks = Math.max(...names.map((each) => each.looks), evacuation.resolverLooks)
  const input = { names, region: region.id, direction, answers: region.answers, resolvers: dns.resolvers, ttlSeconds }
  return [draft('dns.await-shares', budgets.dnsMs + (looks + 1) * ttlSeconds * 1000, input)]
}

function verify({ config }: PlanFacts, { region, other, direction }: EvacuationSides): Draft[] {
  const { port, createPath, followPath, target } = config.synthetic
  return config.dns.shared.map((name) =>
    draft('service.verify-synthetic', config.budgets.verifyMs, {
      name: name.name,
      region: direction === 'out' ? other.id : 'either region',
      answers: direction === 'out' ? other.answers : [...other.answers, ...region.answers],
      port,
      createPath,
      followPath,
      target,
      timeoutMs: config.probes.timeoutMs,
    }),
  )
}
