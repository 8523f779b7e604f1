import type { ProbeResult } from '@/server/ports/managed'
import { type AnyLook, defineLook, timeoutBelow } from './look'
import { probeAnswer, unansweredProbe } from './probe-answer'
import type { WatchTarget } from './watch-target'

/** The public name as users reach it: resolved, then asked. Good when it is good through every resolver, since each has its users. */
export function publicLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const { dns, probes, synthetic } = service.config
  const timeoutMs = timeoutBelow(probes.intervalMs, probes.timeoutMs)
  const ask = async () => {
    const results = await Promise.all(
      managed.resolvers.map(async (resolver) => ({
        resolver: resolver.address,
        result: await managed.http.getByName({
          resolver,
          name: dns.name,
          port: synthetic.port,
          path: probes.healthPath,
          timeoutMs,
        }),
      })),
    )
    return probeAnswer(worstOf(results))
  }
  return [
    defineLook(service.id, vantage, {
      kind: 'public',
      subject: dns.name,
      intervalMs: probes.intervalMs,
      timeoutMs,
      ask,
      unanswered: (failure) => unansweredProbe(failure, timeoutMs),
    }),
  ]
}

/** The first that failed, with the resolver it was reached through; else the slowest. */
export function worstOf(results: readonly { resolver: string; result: ProbeResult }[]): ProbeResult {
  const failed = results.find((each) => !each.result.ok)
  if (failed) {
    return { ...failed.result, failure: `Through ${failed.resolver}: ${failed.result.failure ?? 'not good'}` }
  }
  const [first, ...rest] = results.map((each) => each.result)
  if (!first) return { ok: false, status: null, latencyMs: 0, failure: 'No resolver is configured', address: null }
  return rest.reduce((slowest, each) => (each.latencyMs > slowest.latencyMs ? each : slowest), first)
}
