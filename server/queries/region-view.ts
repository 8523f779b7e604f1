import type { RegionConfig, ServerConfig } from '@/server/domain/service-config'
import { freshness, type Health, healthByAge, loudest, newest } from '@/server/domain/view/health'
import { type Reachability, reachability } from '@/server/domain/view/reachability'
import { judgeServer, type ServerJudgement } from '@/server/domain/view/server'
import { asDelayed, delayedView } from './delayed-view'
import type { RegionView } from './dto/service'
import { ofKind } from './observations'
import type { ServiceFacts } from './service-facts'

export type JudgedServer = ServerJudgement & { server: ServerConfig; region: RegionConfig }

export function judgeServers(facts: ServiceFacts): JudgedServer[] {
  return facts.config.regions.flatMap((region) =>
    region.servers.map((server) => ({
      server,
      region,
      ...asDelayed(
        server,
        judgeServer(
          ofKind(facts.observations, 'agent', server.id),
          ofKind(facts.observations, 'platform', server.id),
          facts.nowMs,
        ),
        ofKind(facts.observations, 'agent'),
      ),
    })),
  )
}

export function probeRules(facts: ServiceFacts) {
  const { vantagePoints, quorum, failuresToConfirm } = facts.config.probes
  return { vantagePoints, quorum, failuresToConfirm }
}

/** A region as a page shows it: its place, what reaches it, its servers, its instances and its cache. */
export function regionView(facts: ServiceFacts, region: RegionConfig, servers: readonly JudgedServer[]): RegionView {
  const mine = servers.filter((each) => each.region.id === region.id)
  const reached = reachability(ofKind(facts.observations, 'endpoint', region.id), probeRules(facts), facts.nowMs)
  const role = placeOf(mine)
  const workload = workloadView(facts, region, role)
  const cacheSeen = newest(ofKind(facts.observations, 'cache', region.id))
  const cacheHealth: Health =
    cacheSeen && freshness(cacheSeen, facts.nowMs) === 'fresh' && !cacheSeen.ok
      ? 'down'
      : healthByAge(cacheSeen, facts.nowMs)
  return {
    id: region.id,
    name: region.name,
    role,
    health: regionHealth(reached, mine, workload.health),
    summary: reached.sentence,
    reachability: reached.sights,
    servers: mine.map((each) => ({
      id: each.server.id,
      address: `${each.server.host}:${each.server.port}`,
      role: each.role,
      health: each.health,
      detail: each.detail,
      timeline: each.timeline,
      lsn: each.lsn,
      observedAt: each.observedAt,
      generation: each.generation,
      ...(each.server.role === 'delayed' ? { delayed: delayedView(facts.config, each) } : {}),
    })),
    workload,
    cache: { health: cacheHealth, observedAt: cacheSeen?.observedAt ?? null },
    receivesTraffic: receivesTraffic(facts, region.id),
  }
}

/** The endpoint is what users reach: its loss is the region's. What stands behind it only degrades the region. */
function regionHealth(reached: Reachability, servers: readonly JudgedServer[], workload: Health): Health {
  if (reached.health !== 'ok') return reached.health
  // A delayed standby that a run holds is where it should be: nothing to alarm anyone.
  const behind = loudest([...servers.map(({ health }) => (health === 'paused' ? 'ok' : health)), workload])
  return behind === 'down' ? 'degraded' : behind
}

function placeOf(servers: readonly JudgedServer[]): RegionView['role'] {
  const now = servers.filter((each) => each.now !== null)
  if (now.some((each) => each.role === 'primary')) return 'primary'
  return now.length > 0 ? 'standby' : 'unknown'
}

function workloadView(facts: ServiceFacts, region: RegionConfig, role: RegionView['role']): RegionView['workload'] {
  const seen = newest(ofKind(facts.observations, 'workload', region.id))
  const target = role === 'primary' ? region.workload.primaryReplicas : region.workload.standbyReplicas
  const known = seen?.facts ?? null
  return {
    desired: known?.desired ?? null,
    ready: known?.ready ?? null,
    target,
    writer: known?.writer ?? null,
    health: workloadHealth(facts.nowMs, seen, target),
    observedAt: seen?.observedAt ?? null,
  }
}

function workloadHealth(
  nowMs: number,
  seen: ReturnType<typeof ofKind<'workload'>>[number] | null,
  target: number,
): Health {
  if (!seen) return 'unknown'
  if (freshness(seen, nowMs) === 'stale') return 'stale'
  if (!seen.ok || !seen.facts) return 'unknown'
  if (seen.facts.ready === 0 && target > 0) return 'down'
  return seen.facts.ready < target ? 'degraded' : 'ok'
}

/** Whether resolvers send users there, from fresh answers; null when none is fresh or nobody knows the answer's region. */
function receivesTraffic(facts: ServiceFacts, regionId: string): boolean | null {
  const fresh = ofKind(facts.observations, 'dns').filter(
    (each) => each.ok && freshness(each, facts.nowMs) === 'fresh' && each.facts?.region && !each.facts.sharedName,
  )
  return fresh.length === 0 ? null : fresh.some((each) => each.facts?.region === regionId)
}
