import type { Finding } from '@/server/domain/finding'
import { idsFindings } from '@/server/domain/ids'
import type { RegionConfig } from '@/server/domain/service-config'
import { freshness, type Health, newest } from '@/server/domain/view/health'
import type { ServiceView } from './dto/service'
import { ofKind } from './observations'
import type { ServiceFacts } from './service-facts'

type Shared = ServiceView['dns']['shared'][number]

/** The names that both regions serve: what is configured, what the records say now, and what each resolver answers. */
export function sharedView(facts: ServiceFacts): Shared[] {
  const { dns, regions } = facts.config
  return dns.shared.map((shared) => {
    const seen = newest(ofKind(facts.observations, 'records', shared.name))
    return {
      name: shared.name,
      policy: shared.policy,
      ttlSeconds: shared.ttlSeconds,
      health: seenHealth(facts, seen),
      observedAt: seen?.observedAt ?? null,
      records: shared.records.map((record) => {
        const now = seen?.facts?.records.find((each) => each.setIdentifier === record.setIdentifier) ?? null
        return {
          setIdentifier: record.setIdentifier,
          region: record.region,
          place: record.continent ?? record.country ?? (record.default ? 'everywhere else' : null),
          configuredWeight: record.weight ?? null,
          weight: now?.weight ?? null,
          answers: now?.values ?? [],
          leadsTo: now ? leadsTo(regions, now.values) : null,
          healthCheckId: now?.healthCheckId ?? null,
        }
      }),
      resolvers: resolverAnswers(facts, shared.name),
    }
  })
}

function leadsTo(regions: readonly RegionConfig[], answers: readonly string[]): string | null {
  if (answers.length === 0) return null
  return regions.find((region) => answers.every((answer) => region.answers.includes(answer)))?.id ?? null
}

function seenHealth(facts: ServiceFacts, seen: { observedAt: string; intervalMs: number; ok: boolean } | null): Health {
  const age = freshness(seen, facts.nowMs)
  if (!seen || age === 'none') return 'unknown'
  if (age === 'stale') return 'stale'
  return seen.ok ? 'ok' : 'down'
}

/** One row a resolver: the newest answer that any vantage point got of it. */
function resolverAnswers(facts: ServiceFacts, name: string): Shared['resolvers'] {
  return facts.config.dns.resolvers.map((resolver) => {
    const seen = newest(ofKind(facts.observations, 'dns', `${name} at ${resolver}`))
    return {
      resolver,
      region: seen?.facts?.region ?? null,
      answers: seen?.facts?.answers ?? [],
      observedAt: seen?.observedAt ?? null,
      health: seenHealth(facts, seen),
    }
  })
}

/** Whether both regions issue different ids is part of being ready to serve from both; it never stops a failover, which leaves one. */
export function idReadiness(facts: ServiceFacts): Finding[] {
  const { ids } = facts.config
  if (!ids) return []
  const looks = ofKind(facts.observations, 'ids', facts.id)
  const seen = newest(looks.filter((each) => each.ok)) ?? newest(looks)
  if (!seen) return idsFindings(ids, null, 'warning')
  const { observedAt, failure } = seen
  return idsFindings(
    ids,
    { facts: seen.facts, observedAt, failure, fresh: freshness(seen, facts.nowMs) === 'fresh' },
    'warning',
  )
}
