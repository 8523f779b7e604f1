/** One instance as the rollout sees it; stopping ones are not in the count any more. */
export type RolloutInstance = { id: string; isCurrent: boolean; isReady: boolean; startedAt: number }
export type RolloutLimits = { replicas: number; maxSurge: number; maxUnavailable: number }

/**
 * The next move of a rolling update, with Kubernetes' arithmetic: never more than `replicas + maxSurge` instances, never fewer
 * ready than `replicas - maxUnavailable` as far as it is up to us; unready instances of the old template go first.
 */
export function nextMove(instances: RolloutInstance[], limits: RolloutLimits): { start: number; stop: string[] } {
  const { replicas, maxUnavailable } = limits
  // With both 0 nothing could ever move.
  const maxSurge = limits.maxSurge === 0 && maxUnavailable === 0 ? 1 : limits.maxSurge
  const current = instances.filter((one) => one.isCurrent)
  const old = instances.filter((one) => !one.isCurrent)
  const room = replicas + maxSurge - instances.length
  const start = Math.max(0, Math.min(replicas - current.length, room))
  if (old.length === 0) return { start, stop: surplus(current, current.length - replicas) }
  const leastReady = replicas - maxUnavailable
  const notYetReady = current.filter((one) => !one.isReady).length
  const removable = Math.max(0, instances.length - leastReady - notYetReady)
  const sick = old.filter((one) => !one.isReady).slice(0, removable)
  const ready = instances.filter((one) => one.isReady).length
  const spare = Math.max(0, Math.min(ready - leastReady, removable - sick.length))
  const healthy = old.filter((one) => one.isReady).slice(0, spare)
  return {
    start,
    stop: [...sick, ...healthy].map((one) => one.id).concat(surplus(current, current.length - replicas)),
  }
}

/** Which to stop of too many: unready before ready, young before old. */
function surplus(instances: RolloutInstance[], count: number): string[] {
  return instances
    .toSorted((a, b) => Number(a.isReady) - Number(b.isReady) || b.startedAt - a.startedAt)
    .slice(0, Math.max(0, count))
    .map((one) => one.id)
}
