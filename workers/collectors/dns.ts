import type { ServiceConfig } from '@/server/domain/service-config'
import { type AnyLook, defineLook, timeoutBelow } from './look'
import type { WatchTarget } from './watch-target'

const timeoutMs = 1_000

/** What each resolver answers now, and to which region that leads. */
export function dnsLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const { dns, probes } = service.config
  return managed.resolvers.map((resolver) =>
    defineLook(service.id, vantage, {
      kind: 'dns',
      subject: resolver.address,
      intervalMs: probes.intervalMs,
      timeoutMs: timeoutBelow(probes.intervalMs, timeoutMs),
      async ask() {
        const { answers, ttlSeconds } = await resolver.resolve(dns.name)
        const sorted = [...answers].sort()
        const region = regionOfAnswers(service.config, sorted)
        const facts = { resolver: resolver.address, answers: sorted, ttlSeconds, region, failure: null }
        return { ok: true, failure: null, facts }
      },
      unanswered: (failure) => ({ resolver: resolver.address, answers: [], ttlSeconds: null, region: null, failure }),
    }),
  )
}

/** The region that all answers belong to; null when they belong to none, or to several. */
export function regionOfAnswers(config: ServiceConfig, answers: readonly string[]): string | null {
  if (answers.length === 0) return null
  return config.regions.find((region) => answers.every((answer) => region.answers.includes(answer)))?.id ?? null
}
