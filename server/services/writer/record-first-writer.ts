import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { agentObservation } from '@/server/domain/agent-protocol'
import { isStale } from '@/server/domain/observation'
import type { Context } from '@/server/services/context'
import type { WatchedService } from '@/server/services/observations/watched-services'

/**
 * Until a writer was ever known: the one server that says it is the primary becomes it, at generation 0. With none, or with two, nothing is recorded:
 * a person has to look. Afterwards only runs change the writer.
 * @returns the server that was recorded, or null
 */
export async function recordFirstWriter(
  ctx: Pick<Context, 'db' | 'clock' | 'actor'>,
  service: WatchedService,
): Promise<string | null> {
  const primaries = await readFreshPrimaries(ctx, service)
  const ids = new Set(primaries.map((each) => each.serverId))
  const primary = primaries[0]
  if (ids.size !== 1 || !primary || primary.timeline === null || primary.systemIdentifier === null) return null
  const region = service.config.regions.find((each) => each.servers.some((server) => server.id === primary.serverId))
  if (!region) return null
  const { serverId, timeline, systemIdentifier } = primary
  return withTransaction(ctx.db, async (tx) => {
    const at = new Date(ctx.clock.now())
    const recorded = await tx.service.updateMany({
      where: { id: service.id, writerServerId: null },
      data: {
        writerServerId: serverId,
        writerRegion: region.id,
        writerTimeline: timeline,
        writerSystemIdentifier: systemIdentifier,
        writerGeneration: 0,
        writerSince: at,
      },
    })
    if (recorded.count === 0) return null
    await emitEvent(tx, { kind: 'service.changed', serviceId: service.id, runId: null, data: { writer: serverId } })
    await appendAudit(tx, {
      at,
      actor: ctx.actor,
      action: 'service.record-writer',
      subject: `service/${service.id}`,
      serviceId: service.id,
      runId: null,
      outcome: 'ok',
      data: { serverId, region: region.id, timeline, systemIdentifier, generation: 0 },
    })
    return serverId
  })
}

async function readFreshPrimaries(ctx: Pick<Context, 'db' | 'clock'>, service: WatchedService) {
  const rows = await ctx.db.observation.findMany({ where: { serviceId: service.id, kind: 'agent', ok: true } })
  return rows.flatMap((row) => {
    const stale = isStale({ observedAt: row.observedAt.toISOString(), intervalMs: row.intervalMs }, ctx.clock.now())
    const facts = agentObservation.safeParse(row.facts)
    return !stale && facts.success && facts.data.role === 'primary' ? [{ ...facts.data, serverId: row.subject }] : []
  })
}
