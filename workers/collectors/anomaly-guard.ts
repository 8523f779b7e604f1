import type { AgentObservation } from '@/server/domain/agent-protocol'
import { type ChangeLimits, createChangeTracker } from '@/server/domain/anomaly/bulk-changes'
import type { ServiceConfig } from '@/server/domain/service-config'
import type { AnomalySeen } from '@/server/services/anomalies/record'

/** Watches the change counters of every server of a service, each by itself. */
export function createAnomalyGuard(service: string, { anomaly }: Pick<ServiceConfig, 'anomaly'>) {
  const limits: ChangeLimits = { ...anomaly, windowMs: anomaly.windowSeconds * 1_000 }
  const trackers = new Map<string, ReturnType<typeof createChangeTracker>>()
  return {
    take(serverId: string, facts: AgentObservation, atMs: number): AnomalySeen[] {
      const tracker = trackers.get(serverId) ?? createChangeTracker(limits)
      trackers.set(serverId, tracker)
      const { rows: limitRows, windowMs } = limits
      return tracker.take(facts, atMs).map((change) => ({ service, serverId, limitRows, windowMs, change }))
    },
  }
}
