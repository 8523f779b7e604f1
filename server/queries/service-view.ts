import type { Plan } from '@/server/domain/plan/types'
import { type Grant, may } from '@/server/domain/rights'
import { activeRunStates } from '@/server/domain/run/states'
import { headline } from '@/server/domain/view/headline'
import { freshness, type Health, newest } from '@/server/domain/view/health'
import { reachability } from '@/server/domain/view/reachability'
import { judgeReadiness } from '@/server/domain/view/readiness'
import { judgeReplication } from '@/server/domain/view/replication'
import type { Capability } from './dto/common'
import type { ServiceView } from './dto/service'
import { ofKind } from './observations'
import { type JudgedServer, judgeServers, probeRules, regionView } from './region-view'
import type { ServiceFacts } from './service-facts'
import { idReadiness, sharedView } from './shared-view'

/** Workers write each second; five missed beats are a worker that is gone or cannot write. */
export const workerSilentMs = 5_000

/** The whole picture of a service. `plan` is what a failover would be if the primary's region died now; null when none could be built. */
export function serviceView(facts: ServiceFacts, plan: Plan | null, grants: readonly Grant[]): ServiceView {
  const { config, nowMs } = facts
  const servers = judgeServers(facts)
  const primaries = servers.filter((each) => each.now !== null && each.role === 'primary')
  const primary =
    primaries.find((each) => each.server.id === facts.writer.serverId) ?? primaries[0] ?? heldWriter(facts, servers)
  const candidates = servers.filter((each) => each.server.role !== 'delayed')
  const standby = candidates.find((each) => each !== primary && each.region !== primary?.region) ?? null
  const replication = judgeReplication(side(primary), side(standby), config.objectives.lagAlertSeconds)
  const publicSight = reachability(ofKind(facts.observations, 'public', config.dns.name), probeRules(facts), nowMs)
  const first = headline({
    name: facts.name,
    primaries: primaries.map((each) => each.server.id),
    public: publicSight,
    replication,
    writerRegion: primaries[0]?.region.name ?? null,
    standbyRegion: standby?.region.name ?? null,
    activeRun: facts.openRun,
  })
  const readiness = judgeReadiness(plan, {
    from: primary?.region.name ?? 'the primary region',
    to: standby?.region.name ?? 'the other region',
  })
  return {
    id: facts.id,
    name: facts.name,
    mode: config.mode,
    health: first.health,
    headline: first.sentence,
    regions: config.regions.map((region) => regionView(facts, region, servers)),
    writer: {
      serverId: facts.writer.serverId,
      region: facts.writer.region,
      since: facts.writer.since,
      generation: facts.writer.generation,
      primariesSeen: servers.some((each) => each.now !== null) ? primaries.length : null,
    },
    replication,
    dns: dnsView(facts),
    readiness: {
      ...readiness,
      findings: [...readiness.findings, ...idReadiness(facts)],
      evaluatedAt: new Date(nowMs).toISOString(),
    },
    incident: facts.incident
      ? {
          id: facts.incident.id,
          title: facts.incident.title,
          state: facts.incident.state,
          openedAt: facts.incident.openedAt,
        }
      : null,
    activeRun: facts.openRun,
    vantagePoints: vantageView(facts),
    can: { requestRun: mayRequest(facts, grants) },
    observedAt: new Date(nowMs).toISOString(),
  }
}

function side(judged: JudgedServer | null | undefined) {
  return judged ? { id: judged.server.id, now: judged.now, health: judged.health } : null
}

/** Nobody is seen as primary now: then it is whom the control database holds to be the writer, or the configuration's first. */
function heldWriter(facts: ServiceFacts, servers: readonly JudgedServer[]): JudgedServer | null {
  return (
    servers.find((each) => each.server.id === facts.writer.serverId) ??
    servers.find((each) => each.region.initialRole === 'primary') ??
    null
  )
}

function dnsView(facts: ServiceFacts): ServiceView['dns'] {
  const { dns, probes } = facts.config
  return {
    name: dns.name,
    type: 'A',
    ttlSeconds: dns.ttlSeconds,
    redirectMethod: dns.redirect.method,
    shared: sharedView(facts),
    answers: dns.resolvers.flatMap((resolver) =>
      probes.vantagePoints.map((vantage) => {
        const seen = newest(ofKind(facts.observations, 'dns', resolver).filter((each) => each.vantage === vantage))
        const age = freshness(seen, facts.nowMs)
        const health: Health = age === 'none' ? 'unknown' : age === 'stale' ? 'stale' : seen?.ok ? 'ok' : 'down'
        return {
          resolver,
          vantage,
          answers: seen?.facts?.answers ?? [],
          region: seen?.facts?.region ?? null,
          observedAt: seen?.observedAt ?? null,
          health,
        }
      }),
    ),
  }
}

/** Each vantage point that the service asks for, and how many workers look from there now. */
function vantageView(facts: ServiceFacts): ServiceView['vantagePoints'] {
  return facts.config.probes.vantagePoints.map((vantage) => {
    const there = facts.workers.filter((worker) => worker.vantage === vantage)
    const alive = there.filter((worker) => facts.nowMs - Date.parse(worker.seenAt) <= workerSilentMs)
    const last = newest(there.map((worker) => ({ observedAt: worker.seenAt })))
    const health: Health = alive.length > 0 ? 'ok' : last ? 'stale' : 'unknown'
    return { vantage, workers: alive.length, seenAt: last?.observedAt ?? null, health }
  })
}

function mayRequest(facts: ServiceFacts, grants: readonly Grant[]): Capability {
  if (!may(grants, 'run.request', facts.id)) {
    return { allowed: false, reason: 'Asking for a failover needs the operator or admin role on this service.' }
  }
  const active: readonly string[] = activeRunStates
  if (facts.openRun && active.includes(facts.openRun.state)) {
    return { allowed: false, reason: `A ${facts.openRun.kind} is ${facts.openRun.state} already.` }
  }
  return { allowed: true, reason: null }
}
