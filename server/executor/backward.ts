import type { JsonObject } from '@/server/domain/json'
import type { PlanStep } from '@/server/domain/plan/types'
import type { StepState } from '@/server/domain/run/states'
import { stepContext, unlessAborted } from './context'
import { type Journal, moveStep, toObject } from './journal'
import type { LoadedRun, StepRow } from './load'
import { backoffMs, runToEnd, type StepWork } from './run-step'
import { classify, DeadlinePassed, stopsWorker } from './step-errors'

/** States in which a step may have changed something. */
const touched: readonly StepState[] = ['running', 'verifying', 'succeeded', 'failed', 'compensating']

export type BackwardOutcome = { failed: string[]; takenBack: string[] }

/**
 * Takes back, last first, whatever a step did or may have half done. Bounded tries; a step that cannot be taken back does not keep the
 * earlier ones from being: all failures are joined and told.
 */
export async function goBackward(
  journal: Journal,
  run: LoadedRun,
  workFor: (step: PlanStep, row: StepRow) => StepWork,
): Promise<BackwardOutcome> {
  const outcome: BackwardOutcome = { failed: [], takenBack: [] }
  for (const step of [...journal.plan.steps].reverse()) {
    const row = run.steps.get(step.key)
    if (!row || !touched.includes(row.state)) continue
    const work = workFor(step, row)
    if (!('run' in work.definition.compensate)) continue
    const failure = await takeBack(work)
    if (failure === null) outcome.takenBack.push(step.title)
    else outcome.failed.push(`${step.title}: ${failure}`)
  }
  return outcome
}

async function takeBack(work: StepWork): Promise<string | null> {
  const { journal, step, row, definition } = work
  const { compensate } = definition
  if (!('run' in compensate)) return null
  // What a step that never finished has done is not known: it gets no output to go by.
  const output = row.state === 'succeeded' && row.output !== null ? toObject(row.output) : null
  let state = row.state
  for (let tried = 1; ; tried += 1) {
    state = await moveStep(
      journal,
      step,
      state,
      state === 'compensating' ? 'again' : 'compensate',
      { error: null },
      {
        action: 'step.compensating',
        outcome: 'ok',
        data: { step: step.stepId, attempt: tried },
      },
    )
    const failure = await compensateOnce(work, output)
    if (failure === null) {
      await moveStep(
        journal,
        step,
        state,
        'compensated',
        { endedAt: new Date(journal.deps.clock.now()), progress: null },
        { action: 'step.compensated', outcome: 'ok', data: {} },
      )
      return null
    }
    if (tried >= Math.max(3, step.maxAttempts)) {
      await moveStep(
        journal,
        step,
        state,
        'fail',
        { error: { kind: 'compensation', message: failure } },
        { action: 'step.compensation-failed', outcome: 'failed', data: { error: failure } },
      )
      return failure
    }
    await unlessAborted(journal.deps.clock.sleep(backoffMs(definition, tried), work.signal), work.signal)
  }
}

async function compensateOnce(work: StepWork, output: JsonObject | null): Promise<string | null> {
  const { definition, step, journal } = work
  const { compensate } = definition
  if (!('run' in compensate)) return null
  const timer = new AbortController()
  const late = setTimeout(() => timer.abort(new DeadlinePassed('Not taken back in time')), step.deadlineMs)
  const context = stepContext(journal, work.run, work.service, AbortSignal.any([work.signal, timer.signal]))
  try {
    await runToEnd({ ...work, abortable: false }, context, () => compensate.run(context, step.input, output))
    await unlessAborted(compensate.verify(context, step.input), context.signal)
    return null
  } catch (error) {
    if (stopsWorker(error) || work.signal.aborted) throw work.signal.aborted ? work.signal.reason : error
    return classify(error, 'run').failure.message
  } finally {
    clearTimeout(late)
  }
}
