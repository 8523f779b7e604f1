import type { StandingApprovalFacts } from '@/server/domain/mode/standing-approval'
import { type Grant, roles } from '@/server/domain/rights'
import type { Tx } from '../tx'

type Reader = Pick<Tx, 'standingApproval' | 'standingVote' | 'user'>
type Row = NonNullable<Awaited<ReturnType<Tx['standingApproval']['findUnique']>>>

/** A standing approval with what its page tells beside what decides. */
export type StandingRecord = StandingApprovalFacts & {
  kind: string
  reason: string
  requester: unknown
  requestedAt: string
  revokedBy: unknown
  revokeReason: string | null
  ballots: { userId: string; voter: unknown; decision: string; comment: string; decidedAt: string }[]
}

/** One by its id, with the rights that its voters have at this moment. */
export async function findStandingApproval(tx: Reader, id: string): Promise<StandingRecord | null> {
  const row = await tx.standingApproval.findUnique({ where: { id } })
  return row && withVotes(tx, row)
}

/** How many are looked at: what was asked for before these has ended or was replaced long ago. */
const kept = 5

/** The newest ones of a service, newest first. */
export async function listStandingApprovals(tx: Reader, serviceId: string): Promise<StandingRecord[]> {
  const rows = await tx.standingApproval.findMany({
    where: { serviceId, kind: 'failover' },
    orderBy: [{ requestedAt: 'desc' }, { id: 'desc' }],
    take: kept,
  })
  const records: StandingRecord[] = []
  // One after the other: a transaction is one connection.
  for (const row of rows) records.push(await withVotes(tx, row))
  return records
}

async function withVotes(tx: Reader, row: Row): Promise<StandingRecord> {
  const votes = await tx.standingVote.findMany({ where: { approvalId: row.id }, orderBy: { decidedAt: 'asc' } })
  const people = await tx.user.findMany({
    where: { id: { in: votes.map((vote) => vote.userId) } },
    include: { grants: true },
  })
  return {
    id: row.id,
    service: row.serviceId,
    kind: row.kind,
    document: row.document,
    digest: row.digest,
    configDigest: row.configDigest,
    requesterId: row.requesterId,
    requester: row.requester,
    reason: row.reason,
    requestedAt: row.requestedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    revokedBy: row.revokedBy,
    revokeReason: row.revokeReason,
    votes: votes.map((vote) => {
      const person = people.find((each) => each.id === vote.userId)
      return {
        userId: vote.userId,
        name: person?.name ?? 'somebody who is gone',
        decision: vote.decision,
        digest: vote.digest,
        decidedAt: vote.decidedAt.toISOString(),
        disabled: !person || person.disabledAt !== null,
        grants: (person?.grants ?? []).flatMap((grant): Grant[] => {
          const role = roles.find((each) => each === grant.role)
          return role ? [{ role, service: grant.service }] : []
        }),
      }
    }),
    ballots: votes.map(({ userId, voter, decision, comment, decidedAt }) => ({
      userId,
      voter,
      decision,
      comment,
      decidedAt: decidedAt.toISOString(),
    })),
  }
}
