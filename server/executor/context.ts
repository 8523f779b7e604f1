import { type Json, toJson } from '@/server/domain/json'
import type { ManagedService } from '@/server/ports/managed'
import type { ObservationReader, StepContext } from '@/server/steps/step'
import { divergenceStore } from './divergence-store'
import type { Journal } from './journal'
import type { LoadedRun } from './load'
import { fromControl } from './types'

/** Latest observations of the run's service, newest first, read when asked. */
export function observationReader(journal: Journal): ObservationReader {
  return {
    latest: async (kind, subject) => {
      const rows = await fromControl(
        journal.deps.db.observation.findMany({
          where: { serviceId: journal.plan.service, kind, subject },
          orderBy: { observedAt: 'desc' },
        }),
      )
      return rows.map((row) => ({
        vantage: row.vantage,
        ok: row.ok,
        failure: row.failure,
        observedAt: row.observedAt.toISOString(),
        intervalMs: row.intervalMs,
        facts: toJson(row.facts),
      }))
    },
  }
}

/** Outputs of the steps that are done, by key: the only hand-over from one step to another. */
export function outputsOf(run: LoadedRun): Record<string, Json> {
  return Object.fromEntries(
    [...run.steps.values()].filter((row) => row.state === 'succeeded').map((row) => [row.key, row.output]),
  )
}

export function stepContext(
  journal: Journal,
  run: LoadedRun,
  service: ManagedService,
  signal: AbortSignal,
): StepContext {
  return {
    service,
    clock: journal.deps.clock,
    generation: journal.lease.generation,
    runId: run.id,
    observations: observationReader(journal),
    divergences: divergenceStore(journal),
    outputs: outputsOf(run),
    signal,
  }
}

/** Settles as `work` does, unless the signal aborts first: then it rejects with the signal's reason and the result is not waited for. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
