import { type AnyLook, defineLook, timeoutBelow } from './look'
import { slowIntervalMs, type WatchTarget } from './watch-target'

const timeoutMs = 1_000

/** Whether each region's cache answers, and how fast. */
export function cacheLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const intervalMs = slowIntervalMs(service)
  return service.config.regions.flatMap((region) => {
    if (!region.cache) return []
    return [
      defineLook(service.id, vantage, {
        kind: 'cache',
        subject: region.id,
        intervalMs,
        timeoutMs: timeoutBelow(intervalMs, timeoutMs),
        async ask() {
          const startedAt = performance.now()
          await managed.cache(region.id)?.ping()
          return { ok: true, failure: null, facts: { latencyMs: performance.now() - startedAt } }
        },
        unanswered: () => null,
      }),
    ]
  })
}
