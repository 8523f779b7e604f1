import type { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { isUniqueViolation } from '@/server/db/errors'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findService } from '@/server/db/repositories/services'
import { findStandingApproval, type StandingRecord } from '@/server/db/repositories/standing-approvals'
import { type Tx, withTransaction } from '@/server/db/tx'
import { judgeStanding, type StandingState } from '@/server/domain/mode/standing-approval'
import { decisionBody } from '@/server/queries/dto/run'
import { authorise, invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError, type ServiceErrorCode } from '../errors'
import { onlyPeople, reasonText } from './common'

type Wanted = { service: string; id: string }
type Vote = z.infer<typeof decisionBody>

const notTaken = 'Your decision was not taken.'

/**
 * A person's yes or no to exactly the rules that a standing approval shows. Two other people's yes make it hold; one no ends it.
 * @throws ServiceError own-request, forbidden, stale-digest, wrong-state, expired, conflict, not-found, invalid
 */
export async function voteOnStandingApproval(
  ctx: Context,
  { service, id, ...given }: Wanted & z.input<typeof decisionBody>,
): Promise<{ state: StandingState }> {
  const body = decisionBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const action = `standing-approval.${body.data.decision}`
  const attempt = { action, subject: `standing-approval/${id}`, serviceId: service, runId: null }
  return auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'run.approve', service)
    if (ctx.actor.type !== 'user') throw onlyPeople(notTaken)
    try {
      return await withTransaction(ctx.db, (tx) => vote(ctx, tx, { service, id }, body.data))
    } catch (error) {
      throw isUniqueViolation(error) ? decidedAlready() : error
    }
  })
}

async function lockStanding(tx: Tx, { service, id }: Wanted): Promise<StandingRecord> {
  await tx.$queryRaw`SELECT 1 FROM standing_approval WHERE id = ${id} FOR UPDATE`
  const found = await findStandingApproval(tx, id)
  if (!found || found.service !== service) throw notFoundHere()
  return found
}

async function vote(ctx: Context, tx: Tx, wanted: Wanted, given: Vote): Promise<{ state: StandingState }> {
  const standing = await lockStanding(tx, wanted)
  const service = await findService(tx, wanted.service)
  if (!service) throw notFound('service')
  const now = await databaseNow(tx)
  const moment = { configDigest: service.configDigest, nowMs: now.getTime() }
  refuseVote(ctx, standing, judgeStanding(standing, moment), given)
  await tx.standingVote.create({
    data: { approvalId: standing.id, userId: ctx.actor.id, voter: ctx.actor, decidedAt: now, ...given },
  })
  const after = await findStandingApproval(tx, standing.id)
  const { state } = judgeStanding(after ?? standing, moment)
  await tell(ctx, tx, standing, `standing-approval.${given.decision}`, now, { ...given, state })
  return { state }
}

function refuseVote(
  ctx: Context,
  standing: StandingRecord,
  judged: ReturnType<typeof judgeStanding>,
  given: Vote,
): void {
  if (standing.requesterId === ctx.actor.id) {
    throw refusal('own-request', 'Nobody decides on what they asked for.', 'Ask two others with the approver role.')
  }
  if (standing.ballots.some((each) => each.userId === ctx.actor.id)) throw decidedAlready()
  if (judged.state === 'expired') throw refusal('expired', 'Its end date has passed.', 'Have a new one asked for.')
  if (judged.state !== 'requested') {
    const why = judged.problems.join('; ') || 'two people have said yes to it'
    throw refusal(
      'wrong-state',
      `It does not wait for a decision: ${why}.`,
      'Look at what holds now, and ask for a new one if need be.',
    )
  }
  if (given.digest !== standing.digest) {
    const next = 'Reload the page, read the rules, and decide on what is shown there.'
    throw refusal('stale-digest', 'The rules that you decided on are not those of this standing approval.', next)
  }
}

/**
 * Ends a standing approval at once. Whoever may stop what Lifeboat does by itself may do it, also without having had a part in it.
 * @throws ServiceError forbidden, not-found, invalid, wrong-state
 */
export async function revokeStandingApproval(
  ctx: Context,
  { service, id, reason: given }: Wanted & { reason: string },
): Promise<void> {
  const reason = reasonText.safeParse(given)
  if (!reason.success) throw invalidInput(reason.error.issues)
  const attempt = {
    action: 'standing-approval.revoke',
    subject: `standing-approval/${id}`,
    serviceId: service,
    runId: null,
  }
  await auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'automatic.stop', service)
    await withTransaction(ctx.db, async (tx) => {
      const standing = await lockStanding(tx, { service, id })
      const now = await databaseNow(tx)
      const moved = await tx.standingApproval.updateMany({
        where: { id, revokedAt: null },
        data: { revokedAt: now, revokedBy: ctx.actor, revokeReason: reason.data },
      })
      if (moved.count === 0) {
        throw new ServiceError(
          'wrong-state',
          'It was revoked already.',
          'Nothing was changed.',
          'There is nothing to do.',
        )
      }
      await tell(ctx, tx, standing, 'standing-approval.revoke', now, { reason: reason.data })
    })
  })
}

async function tell(
  ctx: Context,
  tx: Tx,
  standing: StandingRecord,
  action: string,
  at: Date,
  data: Record<string, string>,
): Promise<void> {
  const about = { serviceId: standing.service, runId: null }
  await emitEvent(tx, { kind: 'approval.changed', ...about, data: { standingApproval: standing.id } })
  await emitEvent(tx, { kind: 'service.changed', ...about, data: {} })
  const subject = `standing-approval/${standing.id}`
  await appendAudit(tx, { at, actor: ctx.actor, action, subject, ...about, outcome: 'ok', data })
}

const refusal = (code: ServiceErrorCode, message: string, next: string) =>
  new ServiceError(code, message, notTaken, next)
const decidedAlready = () => refusal('conflict', 'You have decided on it already.', 'It takes two others.')
const notFoundHere = () =>
  new ServiceError(
    'not-found',
    'This service has no such standing approval.',
    'Nothing was changed.',
    'Look at the list of the service’s standing approvals.',
  )
