import { lintPlan } from '@/server/domain/plan/lint-plan'
import type { Plan, PlanStep } from '@/server/domain/plan/types'
import { authorityProblems } from '@/server/domain/run/authority'
import type { ManagedService } from '@/server/ports/managed'
import { type BackwardOutcome, goBackward } from './backward'
import { openCommitWindow } from './commit-window'
import { type Journal, moveRun, moveStep, noteRun } from './journal'
import { keepLease, releaseLease, takeLease } from './lease'
import { findWork, type LoadedRun, loadAuthority, loadRun, type StepRow } from './load'
import { runStep, type StepOutcome, type StepWork } from './run-step'
import { AbortAsked } from './step-errors'
import { type ExecutorDeps, fromControl, LeaseLost, type Outcome } from './types'

/**
 * Carries out one approved run, or goes on with one that another worker left. Safe to call for any run, by any number of workers, at any time: the
 * lease decides who leads, the journal what is still to do. Chooses nothing: what to do next is in the plan, what has been done in the journal.
 */
export async function executeRun(runId: string, deps: ExecutorDeps): Promise<Outcome> {
  const serviceId = await findWork(deps, runId)
  if (serviceId === null) return 'nothing-to-do'
  const lease = await takeLease(deps, serviceId, runId)
  if (!lease) return 'busy'
  const kept = keepLease(deps, lease)
  try {
    // Read under the lease: whoever led before may have got further until now.
    const run = await fromControl(loadRun(deps, runId))
    if (!run || (run.state !== 'approved' && run.state !== 'running')) return 'nothing-to-do'
    const journal: Journal = { deps, lease, plan: run.plan }
    return await lead({ journal, run, signal: kept.signal, service: deps.connect(run.config) })
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error
    deps.log.warn({ runId, generation: lease.generation, reason: error.message }, 'stopped leading a run')
    return 'lease-lost'
  } finally {
    kept.stop()
    await releaseLease(deps, lease).catch((error: unknown) =>
      deps.log.warn({ error: String(error) }, 'a lease could not be given back and will run out'),
    )
  }
}

type Lead = { journal: Journal; run: LoadedRun; signal: AbortSignal; service: ManagedService }

async function lead(leading: Lead): Promise<Outcome> {
  const { journal, run } = leading
  if (run.state === 'approved') {
    const facts = await fromControl(loadAuthority(journal.deps, run, false))
    const problems = [...lintPlan(run.plan).map((each) => each.message), ...authorityProblems(facts)]
    if (problems.length > 0) return refuse(journal, problems)
    await start(journal)
  } else {
    await noteRun(journal, {}, { action: 'run.continued', outcome: 'ok', data: { worker: journal.deps.worker.id } })
  }
  if (run.direction === 'backward') return backward(leading, run.stateReason ?? 'Going backward')
  return forward(leading)
}

async function refuse(journal: Journal, problems: string[]): Promise<Outcome> {
  const reason = `Not started: ${problems.join('; ')}. Nothing was done.`
  await moveRun(
    journal,
    'approved',
    'refuse',
    { stateReason: reason, endedAt: now(journal) },
    { action: 'run.refused', outcome: 'failed', data: { problems } },
  )
  return 'ended'
}

async function start(journal: Journal): Promise<void> {
  await moveRun(
    journal,
    'approved',
    'start',
    { startedAt: now(journal), stateReason: null },
    {
      action: 'run.started',
      outcome: 'ok',
      data: { worker: journal.deps.worker.id },
      also: async (tx) => {
        await tx.approval.updateMany({
          where: { runId: journal.lease.runId, usedAt: null },
          data: { usedAt: now(journal) },
        })
      },
    },
  )
}

async function forward(leading: Lead): Promise<Outcome> {
  const { journal, run } = leading
  for (const step of run.plan.steps) {
    const row = rowOf(run, step)
    if (row.state === 'succeeded' || row.state === 'skipped') continue
    const stop = await beforeStep(leading, step)
    if (stop) return stop
    // A failed step that nobody has sent again: its worker died between writing the failure and answering it.
    if (row.state === 'failed')
      return answerFailure(leading, step, `${step.title} failed`, row.errorPhase === 'precheck' && row.attempts <= 1)
    const outcome = await stepOrAbort(leading, step, row)
    if (outcome.kind === 'abort-asked') return backward(leading, `Aborted: ${outcome.reason}.`)
    if (outcome.kind === 'failed') {
      const untouched = outcome.failure.phase === 'precheck' && !outcome.interrupted
      return answerFailure(leading, step, `${step.title}: ${outcome.failure.message}`, untouched)
    }
  }
  await moveRun(
    journal,
    'running',
    'finish',
    { endedAt: now(journal), stateReason: null, clearRequest: true },
    { action: 'run.succeeded', outcome: 'ok', data: {}, also: openCommitWindow(journal, run) },
  )
  return 'ended'
}

async function stepOrAbort(
  leading: Lead,
  step: PlanStep,
  row: StepRow,
): Promise<StepOutcome | { kind: 'abort-asked'; reason: string }> {
  try {
    return await runStep(workFor(leading, step, row))
  } catch (error) {
    if (error instanceof AbortAsked) return { kind: 'abort-asked', reason: error.message }
    throw error
  }
}

/** What is looked at between any two steps: what a person has asked for, and whether the run may still go on. */
async function beforeStep(leading: Lead, step: PlanStep): Promise<Outcome | null> {
  const { journal, run } = leading
  const facts = await fromControl(loadAuthority(journal.deps, run, true))
  const { request, reason } = facts
  const problems = authorityProblems(facts)
  if (request === 'abort' && !pastNoReturn(run)) return backward(leading, `Aborted: ${reason}.`)
  if (request !== null) {
    const why =
      request === 'abort'
        ? `An abort was asked for past the point of no return; paused instead: ${reason}`
        : `Paused on request: ${reason}`
    return pause(journal, why)
  }
  if (problems.length === 0) return null
  const why = `Stopped before “${step.title}”: ${problems.join('; ')}.`
  return pastNoReturn(run) ? pause(journal, why) : backward(leading, why)
}

/**
 * The answer to a failed step: before the point of no return everything is taken back; from there on a person decides, since forward is the only way.
 * The step *at* the point counts as passed unless it is certain that it never acted.
 */
async function answerFailure(leading: Lead, step: PlanStep, why: string, untouched: boolean): Promise<Outcome> {
  const passed = pastNoReturn(leading.run, step) || (step.pointOfNoReturn && !untouched)
  return passed
    ? pause(leading.journal, `${why} Past the point of no return: retry it, or skip it where that is allowed.`)
    : backward(leading, why)
}

async function pause(journal: Journal, why: string): Promise<Outcome> {
  await moveRun(
    journal,
    'running',
    'pause',
    { stateReason: why, clearRequest: true },
    { action: 'run.paused', outcome: 'ok', data: { reason: why } },
  )
  return 'paused'
}

async function backward(leading: Lead, why: string): Promise<Outcome> {
  const { journal, run } = leading
  if (run.direction === 'forward') {
    await noteRun(
      journal,
      { direction: 'backward', stateReason: why },
      { action: 'run.turned-back', outcome: 'ok', data: { reason: why } },
    )
  }
  // Steps moved since the run was loaded: what is taken back is what the journal says now.
  const current = (await fromControl(loadRun(journal.deps, run.id))) ?? run
  const outcome = await goBackward(journal, current, (step, row) => workFor({ ...leading, run: current }, step, row))
  await endBackward(journal, current, why, outcome)
  return 'ended'
}

async function endBackward(journal: Journal, run: LoadedRun, why: string, outcome: BackwardOutcome): Promise<void> {
  // The request stays on the row until the end, so that a worker that takes over knows what this way back is for.
  const asked = run.request === 'abort'
  const on =
    outcome.failed.length > 0
      ? 'compensate-fail'
      : asked
        ? 'abort-done'
        : outcome.takenBack.length > 0
          ? 'compensate-done'
          : 'give-up'
  const tail =
    outcome.failed.length > 0
      ? `Could not be taken back: ${outcome.failed.join('; ')}.`
      : outcome.takenBack.length > 0
        ? `Taken back: ${outcome.takenBack.join('; ')}.`
        : 'Nothing had been changed.'
  await closeRunning(journal, run)
  await moveRun(
    journal,
    'running',
    on,
    { endedAt: now(journal), stateReason: `${why} ${tail}`, clearRequest: true },
    {
      action: `run.${on}`,
      outcome: on === 'abort-done' ? 'ok' : 'failed',
      data: { reason: why, takenBack: outcome.takenBack, failed: outcome.failed },
    },
  )
}

/** A read-only step that an abort interrupted has nothing to take back, but must not look as if it still ran. */
async function closeRunning(journal: Journal, run: LoadedRun): Promise<void> {
  for (const step of journal.plan.steps) {
    const row = run.steps.get(step.key)
    if (!row || step.reversible || (row.state !== 'running' && row.state !== 'verifying')) continue
    await moveStep(
      journal,
      step,
      row.state,
      'fail',
      {
        endedAt: now(journal),
        progress: null,
        error: { kind: 'aborted', message: 'Stopped before it was done; it changes nothing.' },
      },
      { action: 'step.stopped', outcome: 'ok', data: {} },
    )
  }
}

/** Whether the point of no return lies behind: the step at it was begun. `before` limits the look to steps earlier than that one. */
function pastNoReturn(run: { plan: Plan; steps: Map<string, StepRow> }, before?: PlanStep): boolean {
  return run.plan.steps.some((step) => {
    if (!step.pointOfNoReturn || (before && step.key >= before.key)) return false
    const state = run.steps.get(step.key)?.state
    return state !== undefined && state !== 'pending'
  })
}

function workFor({ journal, run, service, signal }: Lead, step: PlanStep, row: StepRow): StepWork {
  const definition = journal.deps.catalog.get(step.stepId)
  if (!definition) throw new TypeError(`The catalogue has no step ${step.stepId}`)
  return {
    journal,
    run,
    service,
    step,
    definition,
    row,
    signal,
    abortable: !pastNoReturn(run) && !step.pointOfNoReturn,
  }
}

function rowOf(run: LoadedRun, step: PlanStep): StepRow {
  const row = run.steps.get(step.key)
  if (!row) throw new TypeError(`Run ${run.id} has no row for ${step.key}`)
  return row
}

function now(journal: Journal): Date {
  return new Date(journal.deps.clock.now())
}
