import { expect } from 'vitest'
import { systemClock } from '@/server/adapters/clock/system-clock'
import { blockers } from '@/server/domain/finding'
import type { Json, JsonObject } from '@/server/domain/json'
import type { ManagedService } from '@/server/ports/managed'
import { catalog } from '@/server/steps/catalog'
import type { AnyStep, ObservationReader, StepContext } from '@/server/steps/step'
import { MemoryDivergences } from './memory-divergences'

/** Runs steps of the catalogue as the executor would, without its journal: for tests against real systems. */
export class StepHarness {
  readonly outputs: Record<string, Json> = {}
  observations: ObservationReader = { latest: async () => [] }
  readonly divergences = new MemoryDivergences()
  generation = 1
  readonly progress: string[] = []

  constructor(private readonly service: ManagedService) {}

  context(): StepContext {
    const { service, generation, observations, outputs, divergences } = this
    return {
      service,
      clock: systemClock,
      generation,
      runId: 'run-1',
      observations,
      divergences,
      outputs,
      signal: AbortSignal.timeout(60_000),
    }
  }

  step(stepId: string): AnyStep {
    const step = catalog.get(stepId)
    if (!step) throw new Error(`no step ${stepId}`)
    return step
  }

  /** To its end, with precheck and verification; the output is kept under the step's id for later steps. */
  async run(stepId: string, input: JsonObject, deadlineMs = 30_000): Promise<JsonObject> {
    const step = this.step(stepId)
    const context = this.context()
    const until = Date.now() + deadlineMs
    expect(blockers(await step.precheck(context, input))).toEqual([])
    for (;;) {
      const result = await step.run(context, input)
      if (result.kind === 'done') {
        await step.verify(context, input, result.output)
        this.outputs[stepId] = result.output
        return result.output
      }
      this.progress.push(result.progress)
      if (Date.now() > until) throw new Error(`${stepId} still waits after ${deadlineMs} ms: ${result.progress}`)
      await context.clock.sleep(result.afterMs)
    }
  }

  /** Every step has to be safe to repeat. @returns both outputs */
  async twice(stepId: string, input: JsonObject): Promise<[JsonObject, JsonObject]> {
    return [await this.run(stepId, input), await this.run(stepId, input)]
  }

  async compensate(stepId: string, input: JsonObject, output: JsonObject | null): Promise<void> {
    const { compensate } = this.step(stepId)
    if (!('run' in compensate)) throw new Error(`${stepId} cannot be taken back`)
    const context = this.context()
    for (;;) {
      const result = await compensate.run(context, input, output)
      if (result.kind === 'done') break
      await context.clock.sleep(result.afterMs)
    }
    await compensate.verify(context, input)
  }
}
