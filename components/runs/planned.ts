import type { RunKind } from '@/server/domain/plan/types'

const unplanned: readonly RunKind[] = ['failover', 'restore']

/** Planned work has no objective to miss: nobody was without the service when it began. */
export function isPlanned(kind: RunKind): boolean {
  return !unplanned.includes(kind)
}
