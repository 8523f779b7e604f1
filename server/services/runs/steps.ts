import type { RunRecord } from '@/server/db/repositories/runs'
import type { StepFacts } from '@/server/domain/run/can'
import { notFound } from '../authorise'
import type { Control } from './control'

export type NamedStep = StepFacts & { key: string }

/** The step that is named, else the one that failed. @throws ServiceError not-found */
export function stepOf(run: RunRecord, control: Control): NamedStep {
  const stateOf = (key: string) => run.steps.find((each) => each.key === key)?.state ?? 'pending'
  const step = run.plan.steps.find((each) =>
    control.stepKey === undefined ? stateOf(each.key) === 'failed' : each.key === control.stepKey,
  )
  if (!step) throw notFound('step')
  return { key: step.key, title: step.title, skippable: step.skippable, state: stateOf(step.key) }
}
