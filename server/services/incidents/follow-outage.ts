import { type Detection, detect } from '@/server/domain/detect'
import { type IncidentMove, nextIncidentMove } from '@/server/domain/incident-moves'
import { toJson } from '@/server/domain/json'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { confirmIncident } from './confirm'
import { dismissIncident } from './dismiss'
import { readGoodStreaks, readLastGoodAt, readLooks } from './incident-facts'
import { type IncidentContext, unfinishedStates } from './move'
import { openIncident } from './open'
import { readPlannedCause } from './planned-cause'
import { closeIncident, recoverIncident, relapseIncident } from './recover'
import { describeDetection } from './words'

type OutageRow = {
  id: string
  serviceId: string
  state: string
  openedAt: Date
  recoveredAt: Date | null
  lastGoodAt: Date | null
}

/**
 * One look at the latest probes, and at most one move of the service's incident. Every worker does this after each of its own probes;
 * whoever comes second finds nothing left to do.
 * @returns what was done
 */
export async function followOutage(ctx: IncidentContext, service: WatchedService): Promise<IncidentMove['do']> {
  const incident = await ctx.db.incident.findFirst({
    where: { serviceId: service.id, kind: 'outage', state: { in: unfinishedStates } },
    orderBy: { openedAt: 'desc' },
  })
  const nowMs = ctx.clock.now()
  const detection = detect({
    nowMs,
    publicName: service.config.dns.name,
    primaryRegion: service.writer.region,
    rules: service.config.probes,
    looks: await readLooks(ctx, service),
    goodStreaks: incident ? await readGoodStreaks(ctx, service, nowMs) : [],
    outageSince: incident?.openedAt.toISOString() ?? null,
  })
  const move = nextIncidentMove(incident && toOpenIncident(incident), detection, nowMs)
  const moved = await carryOut(ctx, service, incident, detection, move)
  return moved ? move.do : 'nothing'
}

function toOpenIncident(row: OutageRow) {
  const state: 'open' | 'confirmed' | 'recovered' =
    row.state === 'confirmed' || row.state === 'recovered' ? row.state : 'open'
  return { state, recoveredAt: row.recoveredAt?.toISOString() ?? null }
}

async function carryOut(
  ctx: IncidentContext,
  service: WatchedService,
  incident: OutageRow | null,
  detection: Detection,
  move: IncidentMove,
): Promise<boolean> {
  if (move.do === 'nothing') return false
  if (move.do === 'open') return openOutage(ctx, service, detection)
  if (!incident) return false
  if (move.do === 'confirm') return confirmIncident(ctx, service, incident, detection)
  if (move.do === 'dismiss') return dismissIncident(ctx, incident, move.reason)
  if (move.do === 'recover') return recoverIncident(ctx, incident, move.recoveredAt)
  if (move.do === 'relapse') return relapseIncident(ctx, incident)
  return closeIncident(ctx, incident, move.reason)
}

async function openOutage(ctx: IncidentContext, service: WatchedService, detection: Detection): Promise<boolean> {
  const words = describeDetection(service, detection)
  const cause = await readPlannedCause(ctx, service)
  const failedAt = detection.failedAt ? new Date(detection.failedAt) : new Date(ctx.clock.now())
  const id = await openIncident(ctx, {
    serviceId: service.id,
    kind: 'outage',
    state: 'open',
    region: detection.region,
    title: cause ? `${words.title} during planned work` : words.title,
    severity: detection.severity,
    lastGoodAt: await readLastGoodAt(ctx, service, failedAt),
    probeIntervalMs: service.config.probes.intervalMs,
    message: cause ? `${words.message} ${cause.sentence}` : words.message,
    data: { evidence: toJson(detection.evidence), ...(cause ? { causedByRunId: cause.runId } : {}) },
  })
  return id !== null
}
