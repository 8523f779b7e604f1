import { type AnyLook, defineLook, timeoutBelow } from './look'
import { slowIntervalMs, type WatchTarget } from './watch-target'

const timeoutMs = 2_000

/** Whether the platform answers for each server's machine, and what state it says that is in. The subject is the server. */
export function platformLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const { platform } = managed
  if (!platform) return []
  const intervalMs = slowIntervalMs(service)
  return service.config.regions
    .flatMap((region) => region.servers)
    .flatMap((server) => {
      const { platformHostId } = server
      if (platformHostId === undefined) return []
      return [
        defineLook(service.id, vantage, {
          kind: 'platform',
          subject: server.id,
          intervalMs,
          timeoutMs: timeoutBelow(intervalMs, timeoutMs),
          async ask() {
            const { state, reason } = await platform.describeHost(platformHostId)
            return { ok: true, failure: null, facts: { state, reason } }
          },
          unanswered: () => null,
        }),
      ]
    })
}
