import { type AnyLook, defineLook, timeoutBelow } from './look'
import { probeAnswer, unansweredProbe } from './probe-answer'
import type { WatchTarget } from './watch-target'

/** Each region's endpoint, past DNS: whether the region could serve, wherever traffic goes now. */
export function endpointLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const { probes, regions } = service.config
  const timeoutMs = timeoutBelow(probes.intervalMs, probes.timeoutMs)
  return regions.map((region) => {
    const url = new URL(probes.healthPath, region.endpointUrl).toString()
    return defineLook(service.id, vantage, {
      kind: 'endpoint',
      subject: region.id,
      intervalMs: probes.intervalMs,
      timeoutMs,
      ask: async () => probeAnswer(await managed.http.get(url, timeoutMs)),
      unanswered: (failure) => unansweredProbe(failure, timeoutMs),
    })
  })
}
