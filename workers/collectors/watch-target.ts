import type { ManagedService } from '@/server/ports/managed'
import type { WatchedService } from '@/server/services/observations/watched-services'

/** One service as the collectors are given it: what it is, how to reach it, and from where. */
export type WatchTarget = { service: WatchedService; managed: ManagedService; vantage: string }

/** Probes are the clock of every measure; what only supports them is looked at half as often. */
export function slowIntervalMs(service: WatchedService): number {
  return 2 * service.config.probes.intervalMs
}
