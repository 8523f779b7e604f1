import type { JsonObject } from '@/server/domain/json'
import { reasonAtLeast, reasonHasSubstance } from '@/server/domain/plan/break-glass'
import type { Plan } from '@/server/domain/plan/types'
import { authorise, invalidInput } from '../authorise'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { proveSecondFactor } from '../second-factor/prove'

export type BreakGlassRequest = {
  service: string
  inputs: JsonObject
  reason: string
  /** A code of the requester's second factor. Not part of the plan, and kept nowhere. */
  secondFactorCode?: string | null
}

/** The rules that a request asks to override, by name. */
function rulesAsked(inputs: JsonObject): string[] {
  const { breakGlass } = inputs
  return Array.isArray(breakGlass) ? breakGlass.filter((each) => typeof each === 'string') : []
}

/**
 * What breaking the glass asks beyond the right to ask for a run: its own right, a reason of substance, and a fresh second factor. Nothing for an ordinary run.
 * @throws ServiceError forbidden, invalid, second-factor-needed, second-factor-wrong, rate-limited
 */
export async function authoriseBreakGlass(ctx: Context, wanted: BreakGlassRequest): Promise<void> {
  if (rulesAsked(wanted.inputs).length === 0) return
  authorise(ctx, 'run.break-glass', wanted.service)
  if (!reasonHasSubstance(wanted.reason)) {
    const message = `breaking the glass needs a reason that an approver can judge: ${reasonAtLeast} characters or more`
    throw invalidInput([{ path: ['reason'], message }])
  }
  await proveSecondFactor(ctx, wanted.secondFactorCode ?? null, 'break-glass')
}

/** A rule that no longer stands in the way is not overridden in passing: the plan would not be the one that was asked for. */
export function refuseNeedless(inputs: JsonObject, plan: Plan): void {
  const needless = rulesAsked(inputs).filter((code) => !plan.overrides.some((each) => each.code === code))
  if (needless.length === 0) return
  throw new ServiceError(
    'not-runnable',
    `${needless.join(', ')} does not stand in the way, or cannot be overridden.`,
    'No run was opened; the code that you sent is used up.',
    'Build the plan again and override only what it names as a blocker.',
  )
}
