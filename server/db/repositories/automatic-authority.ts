import type { AutomaticAuthority } from '@/server/domain/run/standing-authority'
import type { Tx } from '../tx'
import { readKillSwitches } from './modes'
import { findStandingApproval } from './standing-approvals'

type Reader = Pick<Tx, 'automaticAction' | 'standingApproval' | 'standingVote' | 'user' | 'killSwitch'>

/** What a run that Lifeboat opened by itself rests on, as it is now; null for one that a person asked for. */
export async function readAutomaticAuthority(
  tx: Reader,
  runId: string,
  serviceId: string,
): Promise<AutomaticAuthority | null> {
  const action = await tx.automaticAction.findUnique({ where: { runId } })
  if (!action) return null
  if (action.mode !== 'automatic') return { mode: 'assisted' }
  const [standing, switches] = await Promise.all([
    action.standingApprovalId === null ? null : findStandingApproval(tx, action.standingApprovalId),
    readKillSwitches(tx, serviceId),
  ])
  const on = [switches.service, switches.all].flatMap((each) => (each?.on ? [each.reason] : []))
  return { mode: 'automatic', standing, killSwitches: on }
}
