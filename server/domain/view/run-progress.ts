import type { StepState } from '../run/states'

/** The point of no return lies behind once the step at it was begun, however it ended. */
export function pointOfNoReturnPassed(
  steps: readonly { key: string; pointOfNoReturn: boolean }[],
  stateOf: (key: string) => StepState,
): boolean {
  return steps.some((step) => step.pointOfNoReturn && stateOf(step.key) !== 'pending')
}

/** The step that is worked on, else the one that failed, else the next; null once nothing more will happen. */
export function currentStep(
  steps: readonly { key: string }[],
  stateOf: (key: string) => StepState,
  open: boolean,
): string | null {
  const find = (...states: StepState[]) => steps.find((step) => states.includes(stateOf(step.key)))?.key
  const acting = find('running', 'verifying', 'compensating')
  return acting ?? (open ? (find('failed') ?? find('pending') ?? null) : null)
}
