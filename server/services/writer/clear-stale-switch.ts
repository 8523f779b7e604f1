import { appendAudit } from '@/server/db/audit'
import { withTransaction } from '@/server/db/tx'
import { PortError } from '@/server/ports/errors'
import type { TrafficSwitch } from '@/server/ports/managed'
import type { IncidentContext } from '@/server/services/incidents/move'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { withoutRun } from './without-run'

/**
 * A region that returns brings its traffic switch along as an earlier run left it, since the run that took traffic away could not reach its store. With both switches
 * set every answer counts as bad, and users are sent to the first one again. This ends what that approved run began: while no run is at work, the switch that is older
 * than the writer's own is taken away. The audit entry comes first; without it nothing is done.
 * @returns the regions whose switch was taken away
 */
export async function clearStaleSwitch(
  ctx: IncidentContext,
  service: WatchedService,
  trafficSwitch: TrafficSwitch | null,
): Promise<string[]> {
  const { redirect } = service.config.dns
  const { serverId, region: writerRegion } = service.writer
  if (!trafficSwitch || redirect.method !== 'health-switch' || serverId === null || writerRegion === null) return []
  const cleared: string[] = []
  try {
    const own = await trafficSwitch.read(writerRegion)
    const { generation } = own
    if (!own.set || generation === null) return []
    for (const region of Object.keys(redirect.stores).filter((each) => each !== writerRegion)) {
      const other = await trafficSwitch.read(region)
      if (!other.set || other.generation === null || other.generation >= generation) continue
      const older = other.generation
      await withoutRun(ctx, service, async (word) => {
        if (word.writerServerId !== serverId || word.generation > generation) return
        await tell(ctx, service, { region, generation: older, writerRegion, writerGeneration: generation })
        await trafficSwitch.clear(region, generation, 'stale-switch')
        cleared.push(region)
      })
    }
  } catch (error) {
    // A store that is away holds no traffic back, and is looked into again.
    if (!(error instanceof PortError)) throw error
  }
  return cleared
}

type Stale = { region: string; generation: number; writerRegion: string; writerGeneration: number }

async function tell(ctx: IncidentContext, service: WatchedService, data: Stale): Promise<void> {
  await withTransaction(ctx.db, (tx) =>
    appendAudit(tx, {
      at: new Date(ctx.clock.now()),
      actor: ctx.actor,
      action: 'switch.clear-stale',
      subject: `service/${service.id}`,
      serviceId: service.id,
      runId: null,
      outcome: 'ok',
      data,
    }),
  )
}
