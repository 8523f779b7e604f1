import type { Clock } from '@/server/ports/clock'
import { type Log, type Loop, startLoop } from './loop'
import type { RunRegistry } from './run-registry'

type Options = {
  workerId: string
  /** Runs that nobody leads. */
  findWaitingRuns(): Promise<string[]>
  expireRuns(): Promise<unknown>
  registry: RunRegistry
  clock: Clock
  log: Log
}

/** What a lost hint costs at most. */
const intervalMs = 1_000

/**
 * Finds, each second and at the start, the runs that wait with nobody leading them (the job was lost, the worker died) and leads them here. Needs
 * no Redis. Workers look at different moments of the second; should two find the same run, the lease decides.
 */
export function startReconciler(options: Options): Loop {
  return startLoop({
    name: 'reconciler',
    intervalMs,
    offsetMs: offsetOf(options.workerId),
    round: async () => {
      await options.expireRuns()
      // Not awaited: a run may take minutes, and the next one must not wait for it.
      for (const runId of await options.findWaitingRuns()) void options.registry.execute(runId)
    },
    clock: options.clock,
    log: options.log,
  })
}

/** A worker's own place in the second, from its name. */
export function offsetOf(workerId: string): number {
  let sum = 0
  for (const letter of workerId) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003
  return sum % intervalMs
}
