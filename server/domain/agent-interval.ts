/** Lag and the loss of a failover are read from what agents say: however rarely a service is probed, each server is asked this often. */
const slowestMs = 5_000

/** @returns how often agents are asked: as often as the service is probed, at least each five seconds */
export function agentIntervalMs(probeIntervalMs: number): number {
  return Math.min(probeIntervalMs, slowestMs)
}
