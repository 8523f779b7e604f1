import { blockers } from '@/server/domain/finding'
import type { JsonObject } from '@/server/domain/json'
import type { PlanStep } from '@/server/domain/plan/types'
import type { StepState } from '@/server/domain/run/states'
import { Terminal } from '@/server/ports/errors'
import type { ManagedService } from '@/server/ports/managed'
import type { AnyStep, StepContext, StepResult } from '@/server/steps/step'
import { stepContext, unlessAborted } from './context'
import { type Journal, moveStep, noteProgress, toObject } from './journal'
import { type LoadedRun, readRequest, type StepRow } from './load'
import { recordsOf } from './records'
import { AbortAsked, classify, DeadlinePassed, type StepFailure, type StepPhase, stopsWorker } from './step-errors'
import { fromControl } from './types'

export type StepOutcome = { kind: 'succeeded' } | { kind: 'failed'; failure: StepFailure; interrupted: boolean }

/** What one step is run with. */
export type StepWork = {
  journal: Journal
  run: LoadedRun
  service: ManagedService
  step: PlanStep
  definition: AnyStep
  row: StepRow
  signal: AbortSignal
  /** May an abort still be obeyed while this step waits? */
  abortable: boolean
}

/**
 * Runs one step to its end: intent, precheck, act on the difference, verify by another way, outcome. Each attempt writes its intent before anything
 * is done, so a crash at any point leaves a row that says "look first".
 */
export async function runStep(work: StepWork): Promise<StepOutcome> {
  const { journal, step, row } = work
  const { clock } = journal.deps
  const deadlineAt = deadlineOf(row, step, clock.now())
  // An attempt that was already open belonged to a worker that is gone: what it did is not known.
  const interrupted = row.state !== 'pending'
  let state: StepState = row.state
  for (let number = row.attempts + 1; ; number += 1) {
    state = await begin(work, state, number, deadlineAt)
    const attempt = await attemptOnce(work, number, deadlineAt)
    if (attempt.kind === 'succeeded') return attempt
    state = attempt.state
    const { failure } = attempt
    const triesLeft = number - row.attempts < step.maxAttempts && clock.now() < deadlineAt.getTime()
    if (attempt.answer === 'retry' && triesLeft) {
      await unlessAborted(clock.sleep(backoffMs(work.definition, number - row.attempts), work.signal), work.signal)
      continue
    }
    await moveStep(
      journal,
      step,
      state,
      'fail',
      { endedAt: new Date(clock.now()), error: failure, progress: null },
      {
        action: 'step.failed',
        outcome: 'failed',
        data: { error: failure.message, kind: failure.kind, phase: failure.phase, attempt: number },
        attempt: { close: number, direction: 'forward', outcome: 'failed', error: failure },
      },
    )
    return { kind: 'failed', failure, interrupted: interrupted || number > row.attempts + 1 }
  }
}

/** A step that is begun anew gets its whole time; one that is taken over at least its budget, since our own absence is not its fault. */
function deadlineOf(row: StepRow, step: PlanStep, nowMs: number): Date {
  const whole = nowMs + step.deadlineMs
  if (row.state === 'pending' || row.deadlineAt === null) return new Date(whole)
  return new Date(Math.min(whole, Math.max(row.deadlineAt.getTime(), nowMs + step.budgetMs)))
}

/** Doubles from the step's own backoff, at most eight times it, with a fifth of jitter so that two workers do not keep step. */
export function backoffMs(definition: { backoffMs: number }, tried: number): number {
  const base = definition.backoffMs * Math.min(8, 2 ** (tried - 1))
  return base * (0.9 + (tried % 3) * 0.1)
}

async function begin(work: StepWork, from: StepState, number: number, deadlineAt: Date): Promise<StepState> {
  const { journal, step } = work
  const now = new Date(journal.deps.clock.now())
  const on = from === 'running' ? 'again' : 'begin'
  return moveStep(
    journal,
    step,
    from,
    on,
    {
      ...(from === 'pending' ? { startedAt: now } : {}),
      endedAt: null,
      attempts: number,
      deadlineAt,
      error: null,
      progress: null,
      progressPart: null,
    },
    {
      action: 'step.started',
      outcome: 'ok',
      data: { step: step.stepId, input: step.input, attempt: number },
      attempt: { open: number, direction: 'forward' },
    },
  )
}

type Attempt =
  | { kind: 'succeeded' }
  | { kind: 'failed'; answer: 'retry' | 'final'; failure: StepFailure; state: StepState }

async function attemptOnce(work: StepWork, number: number, deadlineAt: Date): Promise<Attempt> {
  const { journal, definition, step } = work
  const { clock } = journal.deps
  const timer = new AbortController()
  const late = setTimeout(
    () => timer.abort(new DeadlinePassed(`Not done within ${Math.round(step.deadlineMs / 1000)} s`)),
    Math.max(0, deadlineAt.getTime() - clock.now()),
  )
  const context = stepContext(journal, work.run, work.service, AbortSignal.any([work.signal, timer.signal]))
  let phase: StepPhase = 'precheck'
  let state: StepState = 'running'
  try {
    const stops = blockers(await unlessAborted(definition.precheck(context, step.input), context.signal))
    if (stops.length > 0) throw new Terminal('precheck', stops.map((each) => each.message).join(' '))
    phase = 'run'
    const output = await runToEnd(work, context, () => definition.run(context, step.input))
    phase = 'verify'
    state = await moveStep(
      journal,
      step,
      'running',
      'done',
      { output },
      { action: 'step.done', outcome: 'ok', data: { output } },
    )
    await unlessAborted(definition.verify(context, step.input, output), context.signal)
    await finish(work, number, output)
    return { kind: 'succeeded' }
  } catch (error) {
    if (stopsWorker(error) || work.signal.aborted) throw work.signal.aborted ? work.signal.reason : error
    return { kind: 'failed', ...classify(error, phase), state }
  } finally {
    clearTimeout(late)
  }
}

async function finish(work: StepWork, number: number, output: JsonObject): Promise<void> {
  const { journal, step, row } = work
  await moveStep(
    journal,
    step,
    'verifying',
    'verified',
    { endedAt: new Date(journal.deps.clock.now()), progress: null, progressPart: null },
    {
      action: 'step.succeeded',
      outcome: 'ok',
      data: { output },
      attempt: { close: number, direction: 'forward', outcome: 'succeeded' },
      also: recordsOf(journal, step, output),
    },
  )
  row.state = 'succeeded'
  row.output = output
}

/** Calls `again` until it is done; between the looks a person's abort is heard and progress is written when it changed. */
export async function runToEnd<O>(
  work: StepWork,
  context: StepContext,
  again: () => Promise<StepResult<O>>,
): Promise<JsonObject> {
  const { journal, step } = work
  let shown = ''
  for (;;) {
    const result = await unlessAborted(again(), context.signal)
    if (result.kind === 'done') return toObject(result.output)
    if (result.progress !== shown) {
      shown = result.progress
      await noteProgress(journal, step, result.progress, result.part ?? null)
    }
    if (work.abortable) {
      const { request, reason } = await fromControl(readRequest(journal.deps, work.run.id))
      if (request === 'abort') throw new AbortAsked(reason)
    }
    await unlessAborted(context.clock.sleep(result.afterMs, context.signal), context.signal)
  }
}
