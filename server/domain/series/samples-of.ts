import type { AgentObservation } from '../agent-protocol'
import { lsnDiffBytes } from '../lsn'
import type { Observation, ObservationKind } from '../observation'
import type { ServiceConfig } from '../service-config'
import type { MetricName, Sample } from './catalogue'

function isOf<K extends ObservationKind>(each: Observation, kind: K): each is Observation<K> {
  return each.kind === kind
}

/**
 * What an observation says as samples. A look that failed says nothing but that it failed: what a server was like is then not known, which is a gap and never a zero.
 * Pure.
 */
export function samplesOf(seen: Observation, config: ServiceConfig): Sample[] {
  const at = (metric: MetricName, subject: string, value: number | null | undefined): Sample[] =>
    value === null || value === undefined
      ? []
      : [{ service: seen.service, metric, subject, at: seen.observedAt, value }]
  if (isOf(seen, 'public') || isOf(seen, 'endpoint')) {
    const subject = `${seen.subject} from ${seen.vantage}`
    const latency = seen.ok ? seen.facts?.latencyMs : null
    return [...at('probe.up', subject, seen.ok ? 1 : 0), ...at('probe.latency-ms', subject, latency)]
  }
  if (!seen.ok || !seen.facts) return []
  if (isOf(seen, 'agent')) return seen.facts ? agentSamples(seen.facts, seen.subject, config, at) : []
  if (isOf(seen, 'dns')) {
    if (!seen.facts || seen.facts.sharedName !== undefined) return []
    const place = config.regions.findIndex((region) => region.id === seen.facts?.region) + 1
    return [...at('dns.ttl-seconds', seen.subject, seen.facts.ttlSeconds), ...at('dns.region', seen.subject, place)]
  }
  if (isOf(seen, 'workload')) {
    return [
      ...at('workload.ready', seen.subject, seen.facts?.ready),
      ...at('workload.desired', seen.subject, seen.facts?.desired),
    ]
  }
  if (isOf(seen, 'health-check')) {
    const healthy = { healthy: 1, unhealthy: 0 }[seen.facts?.status ?? '']
    return at('health-check.healthy', seen.subject, healthy)
  }
  if (isOf(seen, 'cache')) return at('cache.latency-ms', seen.subject, seen.facts?.latencyMs)
  return []
}

type At = (metric: MetricName, subject: string, value: number | null | undefined) => Sample[]

function agentSamples(facts: AgentObservation, subject: string, config: ServiceConfig, at: At): Sample[] {
  const { disk } = facts
  return [
    ...at('postgres.role', subject, roleOf(facts)),
    ...at('postgres.timeline', subject, facts.timeline),
    ...at('host.disk-free-ratio', subject, disk && disk.totalBytes > 0 ? disk.freeBytes / disk.totalBytes : null),
    ...(facts.role === 'standby' || facts.state === 'stopped' ? standbySamples(facts, subject, at) : []),
    ...(facts.role === 'primary' ? stageSamples(facts, config, at) : []),
    ...facts.slots.flatMap((slot) => {
      const position = facts.currentLsn ?? facts.replayedLsn
      const kept = position && slot.restartLsn ? Math.max(0, lsnDiffBytes(position, slot.restartLsn)) : null
      return at('postgres.slot-retained-bytes', `${subject}/${slot.name}`, kept)
    }),
  ]
}

/** As the catalogue gives it; null while the server cannot be asked. */
function roleOf({ state, role, fence, acceptsWrites }: AgentObservation): number | null {
  if (state === 'stopped') return 0
  if (fence !== null) return 1
  if (role === 'standby') return 2
  return role === 'primary' && acceptsWrites === true ? 3 : null
}

function standbySamples(facts: AgentObservation, subject: string, at: At): Sample[] {
  const { receiver, follows, state } = facts
  const replication =
    state === 'stopped' ? 0 : receiver?.status === 'streaming' ? 3 : receiver !== null || follows !== null ? 2 : 1
  const heardAt = receiver?.lastMessageAt
  const ageSeconds = heardAt ? (Date.parse(facts.observedAt) - Date.parse(heardAt)) / 1000 : null
  return [
    ...at('replication.state', subject, replication),
    ...at('replication.receiver-age-seconds', subject, ageSeconds === null ? null : Math.max(0, ageSeconds)),
  ]
}

/** A standby names itself by its id when it connects; one that is not in the configuration is somebody else's. */
function stageSamples({ currentLsn, replication }: AgentObservation, { regions }: ServiceConfig, at: At): Sample[] {
  if (!currentLsn) return []
  const known = regions.flatMap((region) => region.servers.map((server) => server.id))
  return replication.flatMap(({ applicationName, sentLsn, writtenLsn, flushedLsn }) => {
    if (!known.includes(applicationName)) return []
    const behind = (position: string | null) => (position ? Math.max(0, lsnDiffBytes(currentLsn, position)) : null)
    return [
      ...at('replication.sent-bytes', applicationName, behind(sentLsn)),
      ...at('replication.written-bytes', applicationName, behind(writtenLsn)),
      ...at('replication.flushed-bytes', applicationName, behind(flushedLsn)),
    ]
  })
}

type Lagging = { service: string; serverId: string; lagBytes: number | null; lagMs: number | null; observedAt: string }

/** Lag where it is known: with the primary not seen at about the same time there is none to speak of. */
export function lagSamples({ service, serverId, lagBytes, lagMs, observedAt }: Lagging): Sample[] {
  const sample = (metric: MetricName, value: number | null): Sample[] =>
    value === null ? [] : [{ service, metric, subject: serverId, at: observedAt, value }]
  return [
    ...sample('replication.lag-seconds', lagMs === null ? null : lagMs / 1000),
    ...sample('replication.lag-bytes', lagBytes),
  ]
}
