import { twoPrimaries } from '@/server/domain/detect-primaries'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { readRoleSightings } from './incident-facts'
import { type IncidentContext, moveIncident, unfinishedStates } from './move'
import { openIncident } from './open'

/** Twenty looks are more than enough to see whether two servers were primary at once. */
const looksBack = 20
/** Gone for this many looks of every server before the incident is over. */
const looksToEnd = 10

/**
 * Opens a critical incident when two servers are primary at the same time, and ends it when that is over. It never acts: what to stop is
 * for a person, or for the agents, which fence themselves when they hear of a newer writer.
 */
export async function followPrimaries(
  ctx: IncidentContext,
  service: WatchedService,
  intervalMs: number,
): Promise<void> {
  const nowMs = ctx.clock.now()
  const sightings = await readRoleSightings(ctx, service.id, new Date(nowMs - looksBack * intervalMs))
  const both = twoPrimaries(sightings, nowMs, intervalMs)
  if (both) {
    const servers = both.serverIds.join(' and ')
    await openIncident(ctx, {
      serviceId: service.id,
      kind: 'two-primaries',
      state: 'confirmed',
      region: null,
      title: `Two writable primaries: ${servers}`,
      severity: 'critical',
      lastGoodAt: null,
      probeIntervalMs: intervalMs,
      message: `${servers} were both seen as primary for at least ${both.overlapMs} ms.`,
      data: { servers: both.serverIds, overlapMs: both.overlapMs },
    })
    return
  }
  const recent = sightings.filter((each) => nowMs - Date.parse(each.at) <= looksToEnd * intervalMs)
  // Without any sight of a server nothing is known to be over.
  if (recent.length === 0 || twoPrimaries(recent, nowMs, intervalMs)) return
  const stillPrimary = new Set(recent.filter((each) => each.role === 'primary').map((each) => each.serverId))
  if (stillPrimary.size > 1) return
  await endTwoPrimaries(ctx, service.id)
}

async function endTwoPrimaries(ctx: IncidentContext, serviceId: string): Promise<void> {
  const incident = await ctx.db.incident.findFirst({
    where: { serviceId, kind: 'two-primaries', state: { in: unfinishedStates } },
    select: { id: true },
  })
  if (!incident) return
  const now = new Date(ctx.clock.now())
  await moveIncident(ctx, {
    incidentId: incident.id,
    serviceId,
    from: unfinishedStates,
    set: { state: 'closed', recoveredAt: now, closedAt: now },
    action: 'incident.close',
    message: 'One primary alone has been seen for a while.',
    data: {},
  })
}
