import { digestOf } from '../json'
import { timeBoxProblem } from '../plan/break-glass'
import type { Plan } from '../plan/types'
import { type Grant, may } from '../rights'
import { type AutomaticAuthority, automaticProblems } from './standing-authority'

/** What gives a run its authority, as it is in the control database at this moment. */
export type AuthorityFacts = {
  /** The stored document: its digest is computed again, never believed. */
  planDocument: unknown
  plan: Plan
  runDigest: string
  requesterId: string
  approvalsRequired: number
  approvals: readonly {
    userId: string
    digest: string
    decision: string
    expiresAt: string
    usedAt: string | null
    disabled: boolean
    grants: readonly Grant[]
  }[]
  requester: { disabled: boolean; grants: readonly Grant[] }
  configDigest: string
  nowMs: number
  /** Approvals must be unexpired and unused to start; a run that started in time goes on under them. */
  started: boolean
  /** Whether the point of no return lies behind: from there on a time box no longer stops it. */
  pastNoReturn?: boolean
  /** Set for a run that Lifeboat opened by itself: it has no requester, and an automatic one no approvals of its own. */
  automatic?: AutomaticAuthority | null
}

/**
 * Why this run may not go on; empty when it may. The same function decides at the start and before every step, so that a withdrawn
 * right, a changed plan or a changed configuration stops it at the next one.
 */
export function authorityProblems(facts: AuthorityFacts): string[] {
  const problems: string[] = []
  if (digestOf(facts.planDocument) !== facts.runDigest) problems.push('the plan is no longer the one that was approved')
  if (facts.plan.configDigest !== facts.configDigest)
    problems.push('the service’s configuration has changed since the plan was built')
  const { service } = facts.plan
  if (facts.automatic) {
    const { overrides } = facts.plan
    const pastNoReturn = facts.pastNoReturn ?? false
    problems.push(...automaticProblems(facts.automatic, { ...facts, overrides: overrides.length, pastNoReturn }))
    return facts.automatic.mode === 'automatic' ? problems : [...problems, ...approvalProblems(facts)]
  }
  if (facts.requester.disabled || !may(facts.requester.grants, 'run.request', service)) {
    problems.push('its requester no longer has the right to ask for it')
  }
  if (facts.plan.overrides.length > 0 && !may(facts.requester.grants, 'run.break-glass', service)) {
    problems.push('its requester no longer has the right to break glass')
  }
  const box = timeBoxProblem(facts.plan, facts.nowMs, facts.pastNoReturn ?? false)
  if (box) problems.push(box)
  return [...problems, ...approvalProblems(facts)]
}

function approvalProblems(facts: AuthorityFacts): string[] {
  const valid = facts.approvals.filter((each) => approvalHolds(each, facts))
  const people = new Set(valid.map((each) => each.userId))
  return people.size < facts.approvalsRequired ? [`${people.size} of ${facts.approvalsRequired} approvals hold`] : []
}

/** Whether one approval counts: a yes to exactly this digest, by someone else, who is still entitled, in time and not used before. */
export function approvalHolds(approval: AuthorityFacts['approvals'][number], facts: AuthorityFacts): boolean {
  return (
    approval.decision === 'approve' &&
    approval.digest === facts.runDigest &&
    approval.userId !== facts.requesterId &&
    !approval.disabled &&
    may(approval.grants, 'run.approve', facts.plan.service) &&
    (facts.started || (Date.parse(approval.expiresAt) > facts.nowMs && approval.usedAt === null))
  )
}
