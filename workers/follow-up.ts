import type { ManagedService } from '@/server/ports/managed'
import { closeMeasuredIncidents } from '@/server/services/incidents/close-measured'
import { measureFinishedRun } from '@/server/services/incidents/measure'
import { measureHandovers } from '@/server/services/incidents/measure-handover'
import type { IncidentContext } from '@/server/services/incidents/move'
import { findUnmeasuredRuns } from '@/server/services/incidents/unmeasured-runs'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { type Log, messageOf } from './loop'

/** Reading WAL on the old server is work for it: not more often than this. */
const askAgainMs = 10_000

/** What is left to do after a run: measure it, measure it exactly once its old primary can be read, close its incident. */
export function createFollowUp(ctx: IncidentContext, log: Log) {
  const askedAt = new Map<string, number>()
  return async (service: WatchedService, managed: ManagedService): Promise<void> => {
    for (const run of await findUnmeasuredRuns(ctx, service.id)) {
      const last = askedAt.get(run.id)
      const askNow = run.measured !== null && (last === undefined || ctx.clock.now() - last >= askAgainMs)
      if (askNow) askedAt.set(run.id, ctx.clock.now())
      try {
        const agent = askNow ? agentOfOldPrimary(managed, run.planDocument) : null
        const measured = await measureFinishedRun(ctx, service, run, agent && { agent })
        if (measured)
          log.info({ runId: run.id, rtoSeconds: measured.rtoSeconds, rpo: measured.rpo.certainty }, 'measured a run')
      } catch (error) {
        log.warn({ runId: run.id, error: messageOf(error) }, 'a run could not be measured yet')
      }
    }
    for (const { runId, measured } of await measureHandovers(ctx, service.id)) {
      log.info({ runId, rtoSeconds: measured.rtoSeconds }, 'measured a planned handover')
    }
    await closeMeasuredIncidents(ctx, service.id)
  }
}

function agentOfOldPrimary(managed: ManagedService, document: unknown) {
  if (typeof document !== 'object' || document === null || !('from' in document)) return null
  const { from } = document
  if (typeof from !== 'object' || from === null || !('serverId' in from)) return null
  return typeof from.serverId === 'string' ? managed.agent(from.serverId) : null
}
