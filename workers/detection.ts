import { agentIntervalMs } from '@/server/domain/agent-interval'
import { followOutage } from '@/server/services/incidents/follow-outage'
import { followPrimaries } from '@/server/services/incidents/follow-primaries'
import type { IncidentContext } from '@/server/services/incidents/move'
import { type Log, type Loop, messageOf, startLoop } from './loop'
import type { Watcher } from './watch'

export type Detection = Loop & {
  /** Looks at these services at once: something new was seen of them. */
  look(services: ReadonlySet<string>): void
}

/** Also without anything new: what was seen grows stale, and a quiet minute ends. */
const intervalMs = 1_000

/** Follows the incidents of every watched service, one look at a time for each: news that arrive during a look are looked at right after it. */
export function startDetection(
  ctx: IncidentContext,
  watcher: Pick<Watcher, 'all' | 'find'>,
  log: Log,
  /** Called after each look, with whether it confirmed an outage: what follows from that must not wait for a turn of its own. */
  afterLook: (serviceId: string, confirmed: boolean) => void = () => undefined,
): Detection {
  const busy = new Map<string, Promise<void>>()
  const again = new Set<string>()

  const lookOnce = async (serviceId: string): Promise<void> => {
    const watched = watcher.find(serviceId)
    if (!watched) return
    try {
      const done = await followOutage(ctx, watched.service)
      if (done !== 'nothing') log.info({ service: serviceId, done }, 'moved an incident')
      // Confirming may follow at once on opening, when the first look already was the second failure.
      if (done === 'open') again.add(serviceId)
      afterLook(serviceId, done === 'confirm' || done === 'relapse')
    } catch (error) {
      log.warn({ service: serviceId, error: messageOf(error) }, 'could not follow the incident')
    }
  }
  const work = async (serviceId: string): Promise<void> => {
    do {
      again.delete(serviceId)
      await lookOnce(serviceId)
    } while (again.has(serviceId))
    busy.delete(serviceId)
  }
  const look = (services: ReadonlySet<string>): void => {
    for (const serviceId of services) {
      if (busy.has(serviceId)) again.add(serviceId)
      else busy.set(serviceId, work(serviceId))
    }
  }
  const loop = startLoop({
    name: 'detection',
    intervalMs,
    round: async () => {
      look(new Set(watcher.all().map((each) => each.service.id)))
      for (const { service } of watcher.all()) {
        await followPrimaries(ctx, service, agentIntervalMs(service.config.probes.intervalMs))
      }
    },
    clock: ctx.clock,
    log,
  })
  return {
    look,
    async stop() {
      await loop.stop()
      again.clear()
      await Promise.all(busy.values())
    },
  }
}
