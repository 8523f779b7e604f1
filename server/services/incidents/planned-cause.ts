import type { WatchedService } from '@/server/services/observations/watched-services'
import type { IncidentContext } from './move'

/**
 * The planned run in whose course something failed: at work now, or ended so lately that its effect may be seen only now. Said in the incident, so that nobody
 * takes a blip of planned work for the loss of a region; it stays an incident, since users saw it.
 */
export async function readPlannedCause(
  ctx: IncidentContext,
  service: WatchedService,
): Promise<{ runId: string; sentence: string } | null> {
  const { intervalMs, failuresToConfirm } = service.config.probes
  const lately = new Date(ctx.clock.now() - intervalMs * (failuresToConfirm + 1))
  const run = await ctx.db.run.findFirst({
    where: {
      serviceId: service.id,
      kind: { not: 'failover' },
      startedAt: { not: null },
      OR: [{ state: { in: ['running', 'paused'] } }, { endedAt: { gte: lately } }],
    },
    orderBy: { startedAt: 'desc' },
    select: { id: true, kind: true, endedAt: true },
  })
  if (!run) return null
  const when = run.endedAt === null ? 'is at work' : 'has just ended'
  return { runId: run.id, sentence: `A planned run ${when} (${run.kind}, ${run.id}) and is the likely cause.` }
}
