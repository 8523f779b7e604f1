import { type AnyLook, defineLook, timeoutBelow } from './look'
import { slowIntervalMs, type WatchTarget } from './watch-target'

const timeoutMs = 2_000

/** The traffic switch in each region's own store: set means that traffic has left the other region. */
export function switchLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const { trafficSwitch } = managed
  const { redirect } = service.config.dns
  if (!trafficSwitch || redirect.method !== 'health-switch') return []
  const intervalMs = slowIntervalMs(service)
  return Object.keys(redirect.stores).map((region) =>
    defineLook(service.id, vantage, {
      kind: 'switch',
      subject: region,
      intervalMs,
      timeoutMs: timeoutBelow(intervalMs, timeoutMs),
      async ask() {
        const { set, generation } = await trafficSwitch.read(region)
        return { ok: true, failure: null, facts: { set, generation } }
      },
      unanswered: () => null,
    }),
  )
}
