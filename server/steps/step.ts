import type { z } from 'zod'
import type { Finding } from '@/server/domain/finding'
import type { Json, JsonObject } from '@/server/domain/json'
import type { Clock } from '@/server/ports/clock'
import type { DivergenceStore } from '@/server/ports/divergence-store'
import type { ManagedService } from '@/server/ports/managed'

/** What a step is given. It reads nothing else: no database, no clock of its own, no other step. */
export type StepContext = {
  service: ManagedService
  clock: Clock
  /** Of the run; handed to every target, which refuses an older one. */
  generation: number
  runId: string
  /** Latest observations from every vantage point, newest first (read from the control database at the call). */
  observations: ObservationReader
  /** Where what only a returned server has is written down, before anything of it is rewound. */
  divergences: DivergenceStore
  /** Outputs of earlier steps of this run by step key: the only hand-over. */
  outputs: Readonly<Record<string, Json>>
  /** Aborts when the lease is lost, an abort is asked for, or the deadline has passed. */
  signal: AbortSignal
}

export type ObservationReader = {
  latest(
    kind: string,
    subject: string,
  ): Promise<
    { vantage: string; ok: boolean; failure: string | null; observedAt: string; intervalMs: number; facts: Json }[]
  >
}

/** `wait` comes back after a while with what it is waiting for; `part` is 0..1 when it can be known. */
export type StepResult<O> =
  | { kind: 'done'; output: O }
  | { kind: 'wait'; afterMs: number; progress: string; part?: number }

export const done = <O>(output: O): StepResult<O> => ({ kind: 'done', output })
export const wait = <O>(afterMs: number, progress: string, part?: number): StepResult<O> => ({
  kind: 'wait',
  afterMs,
  progress,
  part,
})

/** Thrown by verify when reality does not agree; always counts as a failed step, never as a warning. */
export class NotVerified extends Error {
  override readonly name = 'NotVerified'
}

type Compensation<I, O> =
  | {
      /** The sentence that the plan shows: what becomes of it. */
      how?: string
      /** Takes it back. `output` is null when the step may have half happened. Must be idempotent. */
      run(context: StepContext, input: I, output: O | null): Promise<StepResult<null>>
      verify(context: StepContext, input: I): Promise<void>
    }
  | { none: string }

/** One step of the catalogue; `style.md` has the order of the fields and their meaning. */
export interface StepDefinition<I extends JsonObject, O extends JsonObject> {
  id: string
  title: string
  input: z.ZodType<I>
  output: z.ZodType<O>
  /** Read-only; run again right before `run`. A blocker stops the step before anything is done. */
  precheck(context: StepContext, input: I): Promise<Finding[]>
  /** Asks for the current state first and acts on the difference. Chooses nothing. */
  run(context: StepContext, input: I): Promise<StepResult<O>>
  /** Looks at reality by another path than `run` used; throws NotVerified. */
  verify(context: StepContext, input: I, output: O): Promise<void>
  compensate: Compensation<I, O>
  pointOfNoReturn: boolean
  /** May a person skip it, with a reason? */
  skippable: boolean
  deadlineMs: number
  maxAttempts: number
  backoffMs: number
  /** For the plan, the page and the offline runbook. */
  describe(input: I): { description: string; commands: string[][]; changes: string | null }
}

/** A step with its types erased at one place: inputs and outputs are parsed by its own schemas before use. */
export type AnyStep = Omit<StepDefinition<JsonObject, JsonObject>, never>

/** Guarantee: `run`, `verify` and `compensate` only ever get what `input` and `output` have parsed. */
export function defineStep<I extends JsonObject, O extends JsonObject>(step: StepDefinition<I, O>): AnyStep {
  const { compensate } = step
  return {
    ...step,
    input: step.input as unknown as AnyStep['input'],
    output: step.output as unknown as AnyStep['output'],
    precheck: async (context, input) => step.precheck(context, step.input.parse(input)),
    run: async (context, input) => step.run(context, step.input.parse(input)),
    verify: async (context, input, output) => step.verify(context, step.input.parse(input), step.output.parse(output)),
    compensate:
      'none' in compensate
        ? compensate
        : {
            how: compensate.how,
            run: async (context, input, output) =>
              compensate.run(context, step.input.parse(input), output === null ? null : step.output.parse(output)),
            verify: async (context, input) => compensate.verify(context, step.input.parse(input)),
          },
    describe: (input) => step.describe(step.input.parse(input)),
  }
}
