import { lsnDiffBytes } from '../lsn'
import { isStale, type Observation, type ObservationKind } from '../observation'
import type { RegionConfig, ServerConfig, ServiceConfig } from '../service-config'
import { newest } from '../view/health'
import { judgeReplication } from '../view/replication'
import { judgeServer, type ServerJudgement } from '../view/server'
import type { SignalId } from './table'

/** One figure of one subject as it was last learnt; `why` says what is missing where it is not known. */
export type Reading = {
  signal: SignalId
  subject: string
  value: number | null
  at: string | null
  intervalMs: number
  why: string | null
}

export type SignalFacts = {
  config: ServiceConfig
  writerServerId: string | null
  observations: readonly Observation[]
  nowMs: number
}

type Judged = ServerJudgement & { server: ServerConfig; region: RegionConfig; intervalMs: number }

/** Every signal of every configured subject: what was never seen is there too, without a value. */
export function readSignals(facts: SignalFacts): Reading[] {
  const servers = judgedServers(facts)
  return [
    ...replicationReadings(facts, servers),
    ...slotReadings(servers),
    ...diskReadings(servers),
    primariesReading(facts, servers),
    ...probeReadings(facts, 'endpoint-failures', 'endpoint'),
    ...probeReadings(facts, 'public-failures', 'public'),
    ...dnsReadings(facts),
    ...regionReadings(facts, servers),
  ]
}

/** True when the subject of a reading that is no longer made is really gone: not configured any more, or a fresh answer does not name it. */
export function isGone(facts: SignalFacts, subject: string): boolean {
  const owner = subject.split(/\/| from /)[0] ?? subject
  const { regions, dns, id } = facts.config
  const known = [
    id,
    dns.name,
    ...dns.resolvers,
    ...regions.flatMap((region) => [region.id, ...region.servers.map((s) => s.id)]),
  ]
  if (!known.includes(owner)) return true
  const vantage = subject.split(' from ')[1]
  if (vantage !== undefined) return !facts.config.probes.vantagePoints.includes(vantage)
  return judgedServers(facts).some((each) => each.server.id === owner && each.now !== null)
}

function of<K extends ObservationKind>(facts: SignalFacts, kind: K, subject: string): Observation<K>[] {
  return facts.observations.filter((each): each is Observation<K> => each.kind === kind && each.subject === subject)
}

/** Servers held behind on purpose are left out: their lag is what they are for. */
function judgedServers(facts: SignalFacts): Judged[] {
  return facts.config.regions.flatMap((region) =>
    region.servers
      .filter((server) => server.role === 'candidate')
      .map((server) => {
        const agents = of(facts, 'agent', server.id)
        const judgement = judgeServer(agents, of(facts, 'platform', server.id), facts.nowMs)
        const intervalMs = Math.max(1, ...agents.map((each) => each.intervalMs))
        return { server, region, intervalMs, ...judgement }
      }),
  )
}

function primaryOf(facts: SignalFacts, servers: readonly Judged[]): Judged | null {
  const seen = servers.filter((each) => each.now && each.role === 'primary')
  const held = servers.find((each) => each.server.id === facts.writerServerId)
  return seen.find((each) => each === held) ?? seen[0] ?? held ?? null
}

function replicationReadings(facts: SignalFacts, servers: readonly Judged[]): Reading[] {
  const primary = primaryOf(facts, servers)
  const side = (each: Judged | null) => each && { id: each.server.id, now: each.now, health: each.health }
  return servers
    .filter((each) => each !== primary)
    .flatMap((standby) => {
      const { lagSeconds } = judgeReplication(side(primary), side(standby), facts.config.objectives.lagAlertSeconds)
      const base = { subject: standby.server.id, intervalMs: standby.intervalMs }
      const known = standby.now?.facts
      const heardAt = known?.receiver?.lastMessageAt
      const ageSeconds = known && heardAt ? (Date.parse(known.observedAt) - Date.parse(heardAt)) / 1000 : null
      const at = standby.now?.observedAt ?? standby.observedAt
      return [
        { signal: 'replication-lag', ...base, value: lagSeconds.value, at, why: lagSeconds.note },
        {
          signal: 'receiver-age',
          ...base,
          value: ageSeconds === null ? null : Math.max(0, ageSeconds),
          at,
          why: ageSeconds === null ? 'The standby does not say when it last heard from its primary.' : null,
        },
      ] satisfies Reading[]
    })
}

function slotReadings(servers: readonly Judged[]): Reading[] {
  return servers.flatMap(({ now, server, intervalMs }) => {
    const current = now?.facts.currentLsn ?? now?.facts.replayedLsn
    if (!now) return []
    return now.facts.slots.map((slot) => ({
      signal: 'slot-retained' as const,
      subject: `${server.id}/${slot.name}`,
      value: current && slot.restartLsn ? Math.max(0, lsnDiffBytes(current, slot.restartLsn)) : null,
      at: now.observedAt,
      intervalMs,
      why: slot.restartLsn ? null : 'The slot was never used.',
    }))
  })
}

function diskReadings(servers: readonly Judged[]): Reading[] {
  return servers.flatMap(({ now, server, intervalMs }) => {
    const disk = now?.facts.disk
    if (!now || disk === undefined) return []
    return [
      {
        signal: 'disk-free' as const,
        subject: server.id,
        value: disk && disk.totalBytes > 0 ? disk.freeBytes / disk.totalBytes : null,
        at: now.observedAt,
        intervalMs,
        why: disk ? null : 'The agent could not read it.',
      },
    ]
  })
}

/** Two that are seen are two, whatever else is not seen; one alone is proved only by having looked at all. */
function primariesReading(facts: SignalFacts, servers: readonly Judged[]): Reading {
  const writable = servers.filter(
    (each) => each.now?.facts.role === 'primary' && each.now.facts.acceptsWrites !== false,
  )
  const unseen = servers.filter((each) => each.now === null && each.health !== 'down')
  const seen = servers.flatMap((each) => (each.now ? [each.now.observedAt] : []))
  const known = writable.length > 1 || unseen.length === 0
  const oldest = unseen.flatMap((each) => each.observedAt ?? []).sort()[0] ?? null
  return {
    signal: 'writable-primaries',
    subject: facts.config.id,
    value: known ? writable.length : null,
    // Servers that the platform says are stopped tell nothing themselves; the judgement is of now.
    at: known ? (seen.sort()[0] ?? new Date(facts.nowMs).toISOString()) : oldest,
    intervalMs: Math.max(1, ...servers.map((each) => each.intervalMs)),
    why: known ? null : `Not seen lately: ${unseen.map((each) => each.server.id).join(', ')}.`,
  }
}

function probeReadings(
  facts: SignalFacts,
  signal: 'endpoint-failures' | 'public-failures',
  kind: 'endpoint' | 'public',
): Reading[] {
  const { probes, dns, regions } = facts.config
  const subjects = kind === 'public' ? [dns.name] : regions.map((region) => region.id)
  return subjects.flatMap((subject) =>
    probes.vantagePoints.map((vantage) => {
      const found = of(facts, kind, subject).find((each) => each.vantage === vantage)
      return {
        signal,
        subject: `${subject} from ${vantage}`,
        value: found ? (found.facts?.consecutiveFailures ?? (found.ok ? 0 : null)) : null,
        at: found?.observedAt ?? null,
        intervalMs: found?.intervalMs ?? probes.intervalMs,
        why: found ? found.failure : `${vantage} has never looked.`,
      }
    }),
  )
}

function dnsReadings(facts: SignalFacts): Reading[] {
  return facts.config.dns.resolvers.map((resolver) => {
    const found = newest(of(facts, 'dns', resolver).filter((each) => !each.facts?.sharedName))
    return {
      signal: 'dns-ttl' as const,
      subject: resolver,
      value: found?.ok ? (found.facts?.ttlSeconds ?? null) : null,
      at: found?.observedAt ?? null,
      intervalMs: found?.intervalMs ?? facts.config.probes.intervalMs,
      why: found ? found.failure : 'It has never been asked.',
    }
  })
}

function regionReadings(facts: SignalFacts, servers: readonly Judged[]): Reading[] {
  const primaryRegion = primaryOf(facts, servers)?.region.id
  return facts.config.regions.flatMap((region) => {
    const make = <K extends ObservationKind>(
      signal: SignalId,
      kind: K,
      value: (facts: NonNullable<Observation<K>['facts']>) => number | null,
    ): Reading => {
      const found = newest(of(facts, kind, region.id))
      const fresh = found?.ok && !isStale(found, facts.nowMs)
      return {
        signal,
        subject: region.id,
        value: found?.ok && found.facts ? value(found.facts) : null,
        at: found?.observedAt ?? null,
        intervalMs: found?.intervalMs ?? facts.config.probes.intervalMs,
        why: fresh ? null : (found?.failure ?? (found ? null : 'It was never seen.')),
      }
    }
    const { standbyReplicas } = region.workload
    const standsBy = region.id !== primaryRegion && standbyReplicas > 0
    const check = make('health-check', 'health-check', ({ status }) => (status === 'healthy' ? 1 : 0))
    const checked = newest(of(facts, 'health-check', region.id))?.facts
    return [
      ...(standsBy ? [make('standby-capacity', 'workload', ({ ready }) => ready / standbyReplicas)] : []),
      ...(region.cache ? [make('cache-latency', 'cache', ({ latencyMs }) => latencyMs)] : []),
      ...(checked && checked.status !== 'none' ? [check] : []),
    ]
  })
}
