import type { Db } from '@/server/db/client'
import type { Actor } from '@/server/domain/actor'
import type { ServiceConfig } from '@/server/domain/service-config'
import type { Clock } from '@/server/ports/clock'
import type { ManagedService } from '@/server/ports/managed'
import type { AnyStep } from '@/server/steps/step'

/** What the executor is given. It builds nothing itself, so that the three harnesses can hand it a world of their own. */
export type ExecutorDeps = {
  db: Db
  clock: Clock
  worker: Extract<Actor, { type: 'worker' }>
  catalog: ReadonlyMap<string, AnyStep>
  /** Connections of this worker to one service, at its vantage point. */
  connect(config: ServiceConfig): ManagedService
  /** How long a lease lasts without being renewed. A dead worker's run is taken over after this. */
  leaseMs: number
  /** Called after each write to the control database: tests crash the worker there. */
  afterWrite?(what: string): void | Promise<void>
  log: {
    info(data: object, message: string): void
    warn(data: object, message: string): void
    error(data: object, message: string): void
  }
}

/** This worker no longer leads: nothing may be written or done any more. Never recorded as a failure of the run. */
export class LeaseLost extends Error {
  override readonly name: string = 'LeaseLost'
}

/**
 * The control database did not answer, or refused a write. Nothing was done on the strength of that write, and this worker stops here: the
 * reconciler takes the run up again, which begins by observing.
 */
export class ControlLost extends LeaseLost {
  override readonly name = 'ControlLost'
}

/** Keeps an error of the control database from being taken for an error of the step. */
export async function fromControl<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    throw new ControlLost(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** What became of one call of `executeRun`. `busy`: another worker leads. `handed-back`: the run waits for a person. */
export type Outcome = 'ended' | 'paused' | 'busy' | 'lease-lost' | 'nothing-to-do'
