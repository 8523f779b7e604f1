import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findService } from '@/server/db/repositories/services'
import { withTransaction } from '@/server/db/tx'
import { neverSilent } from '@/server/domain/alerts/silence'
import { may } from '@/server/domain/rights'
import { authorise, invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { reasonText } from '../mode/common'
import { noSuchAlert } from './words'

/** Longer quiet is asked for again: a forgotten silence hides an outage. */
const longestMs = 7 * 24 * 3_600_000
const part = z.string().regex(/^[\x21-\x7e][\x20-\x7e]{0,199}$/, 'a name, or * for all')

export const silenceBody = z.strictObject({
  service: part,
  signal: part.default('*'),
  subject: part.default('*'),
  until: z.iso.datetime({ offset: true, error: 'an instant such as 2026-01-31T12:00:00Z' }),
  reason: reasonText,
})

/**
 * Keeps alerts quiet until an instant at most seven days away; they stay on the list. Two writable primaries are never kept quiet.
 * @throws ServiceError invalid, forbidden, not-found
 */
export async function createSilence(ctx: Context, given: z.input<typeof silenceBody>): Promise<{ id: string }> {
  const body = silenceBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const { service, signal, subject, reason } = body.data
  if (neverSilent.includes(signal))
    throw invalidInput([{ path: ['signal'], message: 'two writable primaries are never silenced' }])
  const id = randomUUID()
  const about = { serviceId: service === '*' ? null : service, runId: null }
  const attempt = { action: 'alert-silence.create', subject: `alert-silence/${id}`, ...about }
  return auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'incident.acknowledge', service)
    await withTransaction(ctx.db, async (tx) => {
      if (service !== '*' && !(await findService(tx, service))) throw notFound('service')
      const at = await databaseNow(tx)
      const until = new Date(body.data.until)
      const ms = until.getTime() - at.getTime()
      if (ms <= 0 || ms > longestMs)
        throw invalidInput([{ path: ['until'], message: 'lies in the future, at most 7 days away' }])
      const row = { id, serviceId: service, signal, subject, reason, createdBy: ctx.actor, createdAt: at, until }
      await tx.alertSilence.create({ data: row })
      await emitEvent(tx, { kind: 'alert.changed', ...about, data: { silenceId: id, change: 'silence' } })
      const data = { service, signal, subject, reason, until: until.toISOString() }
      await appendAudit(tx, { ...attempt, at, actor: ctx.actor, outcome: 'ok', data })
    })
    return { id }
  })
}

/** Ends a silence before its time. @throws ServiceError not-found, forbidden, wrong-state when it has ended */
export async function endSilence(ctx: Context, { id }: { id: string }): Promise<void> {
  const found = await ctx.db.alertSilence.findUnique({ where: { id } })
  if (!found || !may(ctx.grants, 'incident.read', found.serviceId === '*' ? null : found.serviceId))
    throw noSuchAlert('silence')
  const about = { serviceId: found.serviceId === '*' ? null : found.serviceId, runId: null }
  const attempt = { action: 'alert-silence.end', subject: `alert-silence/${id}`, ...about }
  await auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'incident.acknowledge', found.serviceId)
    await withTransaction(ctx.db, async (tx) => {
      const at = await databaseNow(tx)
      const ended = await tx.alertSilence.updateMany({
        where: { id, endedAt: null, until: { gt: at } },
        data: { endedAt: at, endedBy: ctx.actor },
      })
      if (ended.count === 0)
        throw new ServiceError(
          'wrong-state',
          'The silence has ended already.',
          'Nothing was changed.',
          'Reload the list.',
        )
      await emitEvent(tx, { kind: 'alert.changed', ...about, data: { silenceId: id, change: 'end-silence' } })
      await appendAudit(tx, { ...attempt, at, actor: ctx.actor, outcome: 'ok', data: { signal: found.signal } })
    })
  })
}
