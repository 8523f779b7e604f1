import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findService, type ServiceRecord } from '@/server/db/repositories/services'
import { type Tx, withTransaction } from '@/server/db/tx'
import { digestOf } from '@/server/domain/json'
import { standingDocument } from '@/server/domain/mode/standing-approval'
import { authorise, invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { onlyPeople, reasonText } from './common'

export const standingApprovalBody = z.strictObject({
  expiresAt: z.iso.datetime({ offset: true, error: 'an instant such as 2026-01-31T12:00:00Z' }),
  reason: reasonText,
})
type StandingRequest = z.infer<typeof standingApprovalBody> & { service: string }

const notDone = 'No standing approval was asked for.'
const dayMs = 86_400_000

/**
 * Asks for a standing approval of exactly the rules that are configured now. It gives nothing before two other people have said yes to it.
 * @throws ServiceError forbidden, not-found, invalid, wrong-state
 */
export async function requestStandingApproval(ctx: Context, wanted: StandingRequest): Promise<{ id: string }> {
  const { service, ...given } = wanted
  const body = standingApprovalBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const attempt = {
    action: 'standing-approval.request',
    subject: `service/${service}`,
    serviceId: service,
    runId: null,
  }
  return auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'run.request', service)
    if (ctx.actor.type !== 'user') throw onlyPeople(notDone)
    return withTransaction(ctx.db, async (tx) => {
      const found = await findService(tx, service)
      if (!found) throw notFound('service')
      return ask(ctx, tx, found, body.data)
    })
  })
}

async function ask(
  ctx: Context,
  tx: Tx,
  { id: serviceId, config, configDigest }: ServiceRecord,
  body: z.infer<typeof standingApprovalBody>,
): Promise<{ id: string }> {
  if (config.mode !== 'automatic') {
    throw new ServiceError(
      'wrong-state',
      `The mode of ${serviceId} is ${config.mode}; a standing approval is for the rules of automatic mode.`,
      notDone,
      'Set mode: automatic in the service’s configuration and apply it, then ask again.',
    )
  }
  const requestedAt = await databaseNow(tx)
  const expiresAt = new Date(body.expiresAt)
  const days = config.policies.automatic.standingApprovalDays
  if (expiresAt <= requestedAt || expiresAt.getTime() > requestedAt.getTime() + days * dayMs) {
    throw invalidInput([{ path: ['expiresAt'], message: `lies in the future, and at most ${days} days from now` }])
  }
  const id = randomUUID()
  const document = standingDocument({ id, expiresAt: expiresAt.toISOString() }, config, configDigest)
  const digest = digestOf(document)
  const { reason } = body
  await tx.standingApproval.create({
    data: {
      ...{ id, serviceId, kind: 'failover', digest, configDigest, document, reason, requestedAt, expiresAt },
      requesterId: ctx.actor.id,
      requester: ctx.actor,
    },
  })
  await emitEvent(tx, { kind: 'approval.changed', serviceId, runId: null, data: { standingApproval: id } })
  await appendAudit(tx, {
    at: requestedAt,
    actor: ctx.actor,
    action: 'standing-approval.request',
    subject: `standing-approval/${id}`,
    serviceId,
    runId: null,
    outcome: 'ok',
    data: { digest, reason, expiresAt: expiresAt.toISOString(), policy: config.policies.automatic },
  })
  return { id }
}
