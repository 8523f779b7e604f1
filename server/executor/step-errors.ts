import { PortError, StaleGeneration } from '@/server/ports/errors'
import { NotVerified } from '@/server/steps/step'
import { LeaseLost } from './types'

/** A person asked for an abort while a step was waiting. */
export class AbortAsked extends Error {
  override readonly name = 'AbortAsked'
}

/** The step's time is over; what it asked for may still happen, so the next look observes. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed'
}

export type StepPhase = 'precheck' | 'run' | 'verify'
export type StepFailure = { kind: string; message: string; phase: StepPhase }

/**
 * What an error of a step means: `retry` after a look, or `final`. Transient did nothing; after Unreachable or NotVerified the next attempt
 * begins by observing. Anything that is not named counts as final.
 */
export function classify(error: unknown, phase: StepPhase): { answer: 'retry' | 'final'; failure: StepFailure } {
  if (error instanceof StaleGeneration) throw new LeaseLost(error.message)
  if (error instanceof PortError) {
    return {
      answer: error.kind === 'terminal' ? 'final' : 'retry',
      failure: { kind: error.kind, message: error.message, phase },
    }
  }
  if (error instanceof NotVerified)
    return { answer: 'retry', failure: { kind: 'not-verified', message: error.message, phase } }
  if (error instanceof DeadlinePassed)
    return { answer: 'final', failure: { kind: 'deadline', message: error.message, phase } }
  const message = error instanceof Error ? error.message : String(error)
  return { answer: 'final', failure: { kind: 'unexpected', message, phase } }
}

/** Errors that stop the work of this worker, and say nothing about the step. */
export function stopsWorker(error: unknown): boolean {
  return error instanceof LeaseLost || error instanceof AbortAsked
}
