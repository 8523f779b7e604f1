import { digestOf, type JsonObject, toJson } from '../json'
import { type Grant, may } from '../rights'
import type { ServiceConfig } from '../service-config'

/** Besides whoever asked for it. */
export const votesRequired = 2

export type StandingVote = {
  userId: string
  name: string
  decision: string
  digest: string
  decidedAt: string
  disabled: boolean
  grants: readonly Grant[]
}

/** A standing approval as it is in the control database at this moment. */
export type StandingApprovalFacts = {
  id: string
  service: string
  /** The rules that were approved: their digest is computed again, never believed. */
  document: unknown
  digest: string
  configDigest: string
  requesterId: string
  expiresAt: string
  revokedAt: string | null
  votes: readonly StandingVote[]
}

export type StandingState = 'requested' | 'valid' | 'rejected' | 'revoked' | 'expired' | 'void'
export type StandingJudgement = { state: StandingState; problems: string[]; approvers: string[] }

/**
 * What two people say yes to: the whole configuration by its digest, the policy in words that a person can read, and the end date. Its id is part of
 * it, so that a vote for one standing approval can never count for another. Says nothing of direction: it holds whichever region is the primary.
 */
export function standingDocument(
  approval: { id: string; expiresAt: string },
  config: ServiceConfig,
  configDigest: string,
): JsonObject {
  return {
    schema: 1,
    id: approval.id,
    service: config.id,
    kind: 'failover',
    configDigest,
    policy: toJson(config.policies.automatic),
    expiresAt: approval.expiresAt,
  }
}

/**
 * Whether a standing approval counts now, and if not, why. The same at the decision, when the run starts, and before each of its steps: a vote whose owner has
 * lost the right or the account, another configuration or the end date void it, and nothing mends it but a new one.
 */
export function judgeStanding(
  approval: StandingApprovalFacts,
  now: { configDigest: string; nowMs: number },
): StandingJudgement {
  const yes = approval.votes.filter((vote) => vote.decision === 'approve')
  const holding = yes.filter((vote) => voteHolds(vote, approval))
  const approvers = holding.map((vote) => vote.name)
  const judged = (state: StandingState, ...problems: string[]) => ({ state, problems, approvers })
  if (approval.revokedAt !== null) return judged('revoked', 'the standing approval was revoked')
  if (approval.votes.some((vote) => vote.decision === 'reject')) return judged('rejected', 'an approver said no to it')
  if (digestOf(approval.document) !== approval.digest) {
    return judged('void', 'the rules of the standing approval are no longer those that were approved')
  }
  if (approval.configDigest !== now.configDigest) {
    return judged('void', 'the service’s configuration has changed since the standing approval was asked for')
  }
  if (Date.parse(approval.expiresAt) <= now.nowMs) return judged('expired', 'the standing approval has ended')
  const lost = yes.filter((vote) => !holding.includes(vote)).map((vote) => vote.name)
  if (lost.length > 0) return judged('void', `the vote of ${lost.join(' and ')} no longer counts`)
  const people = new Set(holding.map((vote) => vote.userId)).size
  if (people < votesRequired) return judged('requested', `${people} of ${votesRequired} people have said yes to it`)
  return judged('valid')
}

function voteHolds(vote: StandingVote, approval: StandingApprovalFacts): boolean {
  return (
    vote.digest === approval.digest &&
    vote.userId !== approval.requesterId &&
    !vote.disabled &&
    may(vote.grants, 'run.approve', approval.service)
  )
}
