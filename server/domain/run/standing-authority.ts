import { judgeStanding, type StandingApprovalFacts } from '../mode/standing-approval'

/** The authority of a run that nobody asked for: a draft, which people approve, or one that a standing approval carries. */
export type AutomaticAuthority =
  | { mode: 'assisted' }
  | {
      mode: 'automatic'
      standing: StandingApprovalFacts | null
      /** Reasons of the kill switches that are on: the service's, and the one for all. */
      killSwitches: readonly string[]
    }

/**
 * Why a run without a requester may not go on; empty when it may. A draft has only its approvals, which are judged as always. From the point of no return on nothing here
 * stops it: forward is the only way then, and stopping would leave the service without a writer that anybody reaches.
 */
export function automaticProblems(
  automatic: AutomaticAuthority,
  facts: { overrides: number; configDigest: string; nowMs: number; pastNoReturn: boolean },
): string[] {
  const problems = facts.overrides > 0 ? ['a run that nobody asked for never breaks glass'] : []
  if (automatic.mode === 'assisted' || facts.pastNoReturn) return problems
  if (automatic.standing === null) problems.push('its standing approval is gone')
  else problems.push(...judgeStanding(automatic.standing, facts).problems)
  return [...problems, ...automatic.killSwitches.map((reason) => `a kill switch is on: ${reason}`)]
}
