import type { Detection } from '@/server/domain/detect'
import { toJson } from '@/server/domain/json'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { readLastGoodAt, readPrimaryPosition } from './incident-facts'
import { type IncidentContext, moveIncident } from './move'
import { readPlannedCause } from './planned-cause'
import { describeDetection } from './words'

/**
 * A quorum saw it often enough. Freezes what the measures need: the last good look at the public name (it may have come after the first
 * failing look at an endpoint) and the last sight of the primary's position.
 * @returns false when another worker confirmed it first
 */
export async function confirmIncident(
  ctx: IncidentContext,
  service: WatchedService,
  incident: { id: string; lastGoodAt: Date | null },
  detection: Detection,
): Promise<boolean> {
  const confirmedAt = new Date(ctx.clock.now())
  const lastGoodAt = (await readLastGoodAt(ctx, service, confirmedAt)) ?? incident.lastGoodAt
  const position = service.writer.serverId
    ? await readPrimaryPosition(ctx, service.id, service.writer.serverId, confirmedAt)
    : null
  const words = describeDetection(service, detection)
  const cause = await readPlannedCause(ctx, service)
  return moveIncident(ctx, {
    incidentId: incident.id,
    serviceId: service.id,
    from: ['open'],
    set: {
      state: 'confirmed',
      region: detection.region,
      title: cause ? `${words.title} during planned work` : words.title,
      severity: detection.severity,
      confirmedAt,
      lastGoodAt,
      primaryLsn: position?.lsn ?? null,
      primaryLsnAt: position?.observedAt ?? null,
    },
    action: 'incident.confirm',
    message: cause ? `${words.message} ${cause.sentence}` : words.message,
    data: {
      evidence: toJson(detection.evidence),
      lastGoodAt: lastGoodAt?.toISOString() ?? null,
      primaryLsn: position?.lsn ?? null,
      primaryLsnAt: position?.observedAt.toISOString() ?? null,
    },
  })
}
