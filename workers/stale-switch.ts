import { PortError } from '@/server/ports/errors'
import type { ManagedService } from '@/server/ports/managed'
import type { Context } from '@/server/services/context'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { withoutRun } from '@/server/services/writer/without-run'
import type { Log } from './loop'

/** How often the stores are looked into; a region that returns is seldom noticed by its users sooner than that. */
export const staleSwitchEveryMs = 2_000

/**
 * A region that returns brings its traffic switch along as an earlier run left it, since the run that took traffic away could not reach its store. With both switches
 * set every answer counts as bad, and users are sent to the first one again. While no run is at work, the switch that is older than the writer's own is taken away.
 */
export async function clearStaleSwitch(
  { ctx, log }: { ctx: Pick<Context, 'db'>; log: Log },
  service: WatchedService,
  { trafficSwitch }: ManagedService,
): Promise<void> {
  const { redirect } = service.config.dns
  const { serverId, region: writerRegion } = service.writer
  if (!trafficSwitch || redirect.method !== 'health-switch' || serverId === null || writerRegion === null) return
  try {
    const own = await trafficSwitch.read(writerRegion)
    const { generation } = own
    if (!own.set || generation === null) return
    for (const region of Object.keys(redirect.stores).filter((each) => each !== writerRegion)) {
      const other = await trafficSwitch.read(region)
      if (!other.set || other.generation === null || other.generation >= generation) continue
      await withoutRun(ctx, service, async (word) => {
        if (word.writerServerId !== serverId || word.generation > generation) return
        await trafficSwitch.clear(region, generation, 'stale-switch')
        log.warn({ service: service.id, region, generation }, 'took away the traffic switch that a returned region had')
      })
    }
  } catch (error) {
    // A store that is away holds no traffic back, and is looked into again.
    if (!(error instanceof PortError)) throw error
  }
}
