import type { Workload } from '@/server/ports/managed'

type Seen = Awaited<ReturnType<Workload['observe']>>

export function hasEnvironment(seen: Seen, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => seen.environment[name] === value)
}

/** How far the instances are: those that are both ready and of the newest specification count. */
export function rollout(seen: Seen, target: number): { finished: boolean; progress: string; part: number } {
  const there = Math.min(seen.ready, seen.updated)
  return {
    finished: seen.settled && seen.ready >= target,
    progress: `${there} of ${target} instances`,
    part: target === 0 ? 1 : Math.min(1, there / target),
  }
}
