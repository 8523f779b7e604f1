import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findService } from '@/server/db/repositories/services'
import { type Tx, withTransaction } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import { authorise, invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { reasonText } from './common'

const instant = z.iso.datetime({ offset: true, error: 'an instant such as 2026-01-31T12:00:00Z' })
/** Longer work is announced again: a forgotten announcement must not leave a service without its automatic failover. */
const longestMs = 24 * 3_600_000

export const maintenanceBody = z
  .strictObject({ startsAt: instant, endsAt: instant, reason: reasonText })
  .refine(({ startsAt, endsAt }) => Date.parse(endsAt) > Date.parse(startsAt), {
    path: ['endsAt'],
    message: 'lies after its start',
  })
  .refine(({ startsAt, endsAt }) => Date.parse(endsAt) - Date.parse(startsAt) <= longestMs, {
    path: ['endsAt'],
    message: 'lies at most 24 hours after its start',
  })

type Announcement = z.infer<typeof maintenanceBody> & { service: string }

/**
 * Announces work during which nothing is failed over or drafted without a person. @throws ServiceError forbidden, not-found, invalid
 */
export async function announceMaintenance(ctx: Context, { service, ...given }: Announcement): Promise<{ id: string }> {
  const body = maintenanceBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const subject = `service/${service}`
  return auditedAttempt(ctx, { action: 'maintenance.announce', subject, serviceId: service, runId: null }, async () => {
    authorise(ctx, 'automatic.stop', service)
    const id = randomUUID()
    await withTransaction(ctx.db, async (tx) => {
      if (!(await findService(tx, service))) throw notFound('service')
      const announcedAt = await databaseNow(tx)
      const { startsAt, endsAt, reason } = body.data
      const span = { startsAt: new Date(startsAt), endsAt: new Date(endsAt) }
      await tx.announcedMaintenance.create({
        data: { id, serviceId: service, ...span, reason, announcedBy: ctx.actor, announcedAt },
      })
      await tell(ctx, tx, { service, id, action: 'maintenance.announce', at: announcedAt, data: body.data })
    })
    return { id }
  })
}

/** Ends announced work before its time. @throws ServiceError forbidden, not-found, wrong-state */
export async function cancelMaintenance(ctx: Context, { service, id }: { service: string; id: string }): Promise<void> {
  const subject = `maintenance/${id}`
  await auditedAttempt(ctx, { action: 'maintenance.cancel', subject, serviceId: service, runId: null }, async () => {
    authorise(ctx, 'automatic.allow', service)
    await withTransaction(ctx.db, async (tx) => {
      const at = await databaseNow(tx)
      const ended = await tx.announcedMaintenance.updateMany({
        where: { id, serviceId: service, cancelledAt: null, endsAt: { gt: at } },
        data: { cancelledAt: at },
      })
      if (ended.count === 0) {
        const next = 'Reload the page: it may have ended by itself.'
        throw new ServiceError('wrong-state', 'No such maintenance is announced.', 'Nothing was changed.', next)
      }
      await tell(ctx, tx, { service, id, action: 'maintenance.cancel', at, data: {} })
    })
  })
}

type Told = { service: string; id: string; action: string; at: Date; data: JsonObject }

async function tell(ctx: Context, tx: Tx, { service, id, action, at, data }: Told): Promise<void> {
  const about = { serviceId: service, runId: null }
  await emitEvent(tx, { kind: 'service.changed', ...about, data: {} })
  await appendAudit(tx, { at, actor: ctx.actor, action, subject: `maintenance/${id}`, ...about, outcome: 'ok', data })
}
