import type { ManagedService } from '@/server/ports/managed'
import type { StepContext } from './step'

/** What this worker saw earlier in the same run, between the looks of a step that waits. */
export interface Memory<T> {
  get(context: StepContext, key: string): T | undefined
  set(context: StepContext, key: string, value: T): void
  forget(context: StepContext, key: string): void
}

/**
 * Lives as long as the worker's connections to the service, and is never needed to be right: a worker that takes over finds it empty, looks again, and at worst
 * waits longer. Nothing that a later step relies on belongs here; that goes into the output.
 */
export function createMemory<T>(): Memory<T> {
  const byService = new WeakMap<ManagedService, Map<string, T>>()
  const entriesOf = (context: StepContext): Map<string, T> => {
    const entries = byService.get(context.service) ?? new Map<string, T>()
    byService.set(context.service, entries)
    return entries
  }
  const keyOf = (context: StepContext, key: string) => `${context.runId} ${key}`
  return {
    get: (context, key) => entriesOf(context).get(keyOf(context, key)),
    set: (context, key, value) => void entriesOf(context).set(keyOf(context, key), value),
    forget: (context, key) => void entriesOf(context).delete(keyOf(context, key)),
  }
}
