import { count, formatSeconds, plain } from '@/components/format/number'
import type { RunState } from '@/server/domain/run/states'
import type { RunView, StepView } from '@/server/queries/dto/run'
import { isPlanned } from './planned'

export type Told = Pick<
  RunView,
  | 'kind'
  | 'state'
  | 'stateReason'
  | 'summary'
  | 'approvals'
  | 'stepsDone'
  | 'stepsTotal'
  | 'direction'
  | 'measured'
  | 'currentStepKey'
  | 'pointOfNoReturnPassed'
> & { plan: { steps: Pick<StepView, 'key' | 'title' | 'state'>[] } }

type Walk<S> = { state: RunState; currentStepKey: string | null; plan: { steps: readonly S[] } }

/** The step at work, or at which the run has paused; null before the start and after the end. */
export function currentStep<S extends { key: string }>(run: Walk<S>): S | null {
  if (run.state !== 'running' && run.state !== 'paused') return null
  return run.plan.steps.find((step) => step.key === run.currentStepKey) ?? null
}

/** What comes after the step that is at work, or first; null at the end, or on the way back. */
export function nextStep<S extends { key: string; state: string }>(run: Walk<S>): S | null {
  const at = run.plan.steps.findIndex((step) => step.key === currentStep(run)?.key)
  return run.plan.steps.slice(at + 1).find((step) => step.state === 'pending') ?? null
}

/** The page's first sentence: where the run stands, and what has not happened. */
export function stateSentence(run: Told): string {
  const step = currentStep(run)
  const because = run.stateReason ? ` ${run.stateReason}` : ''
  const part = `${run.stepsDone} of ${count(run.stepsTotal, 'step')} done`
  switch (run.state) {
    case 'draft':
      return `The plan is being written. Nothing has been changed.`
    case 'awaiting_approval':
      return `Waits for approval, ${run.approvals.given} of ${run.approvals.required} given. Nothing has been changed.`
    case 'approved':
      return `Approved; a worker is about to start. Nothing has been changed yet.`
    case 'running':
      if (run.direction === 'backward') return `Taking back what was changed${step ? `: ${step.title}` : ''}.`
      return step ? `${step.title}: ${part}.` : `Running: ${part}.`
    case 'paused':
      return `Paused with ${part}.${because || ' Waits for a person.'}`
    case 'succeeded': {
      const rto = run.measured?.rtoSeconds
      if (rto === null || rto === undefined) return 'Succeeded: every step is done and verified.'
      const took = plain(formatSeconds(rto))
      return isPlanned(run.kind)
        ? `Succeeded: writes were held for at most ${took}.`
        : `Succeeded: users were without the service for ${took}.`
    }
    case 'failed':
      return `Failed with ${part}.${because}${run.pointOfNoReturnPassed ? '' : ' The point of no return was not reached.'}`
    case 'aborted':
      return `Aborted.${because || ' What had been changed was taken back.'}`
    case 'compensated':
      return `A step failed, and what had been changed was taken back.${because}`
    case 'compensation_failed':
      return `A step failed, and taking back failed too: a person has to look.${because}`
    case 'rejected':
      return `Denied. Nothing was changed.${because}`
    case 'expired':
      return `Expired before it started. Nothing was changed.`
    case 'superseded':
      return `Overtaken by events. Nothing was changed.${because}`
  }
}
