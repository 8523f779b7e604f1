import type { Plan } from './types'

const minuteMs = 60_000

/** An approver reads the reason instead of the rule, so it has to say something: this many characters, in at least three words. */
export const reasonAtLeast = 20

export function reasonHasSubstance(reason: string): boolean {
  const words = reason.trim().split(/\s+/)
  return reason.trim().length >= reasonAtLeast && words.length >= 3
}

/** Gives a plan that overrides rules its time box; any other plan is given back as it is. `minutes` count from when it was built. */
export function withTimeBox(plan: Plan, minutes: number): Plan {
  if (plan.overrides.length === 0) return plan
  const notAfter = new Date(Date.parse(plan.builtAt) + minutes * minuteMs).toISOString()
  return { ...plan, timeBox: { minutes, notAfter } }
}

/**
 * Why a plan that overrides rules may not go on, null when it may. What was risked at one moment is not risked for ever: until the point of no return
 * the box decides, past it the only safe way is forward.
 */
export function timeBoxProblem(
  plan: Pick<Plan, 'overrides' | 'timeBox'>,
  nowMs: number,
  pastNoReturn: boolean,
): string | null {
  if (plan.overrides.length === 0 || pastNoReturn) return null
  if (!plan.timeBox) return 'it overrides rules without a time box'
  if (nowMs <= Date.parse(plan.timeBox.notAfter)) return null
  return `the time box of its break-glass (${plan.timeBox.minutes} min) ended at ${plan.timeBox.notAfter}`
}

/** A run that waits past its time box could only be stopped by it: it expires with the box. */
export function notAfterBox(plan: Pick<Plan, 'timeBox'>, expiresAt: Date): Date {
  const boxEnd = plan.timeBox ? new Date(plan.timeBox.notAfter) : expiresAt
  return boxEnd < expiresAt ? boxEnd : expiresAt
}
