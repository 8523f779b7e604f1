import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { databaseNow } from '@/server/db/repositories/clock'
import { withTransaction } from '@/server/db/tx'
import { actorName } from '@/server/domain/actor'
import { may } from '@/server/domain/rights'
import { authorise, invalidInput } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { tellAlert } from './move'
import { noSuchAlert } from './words'

export const acknowledgeBody = z.strictObject({ note: z.string().trim().max(1000).default('') })

/**
 * Says that a person has seen an alert. The first one counts, until it gets worse and fires again; saying it again changes nothing.
 * @throws ServiceError invalid, not-found, forbidden, wrong-state when it is resolved
 */
export async function acknowledgeAlert(
  ctx: Context,
  { id, ...given }: { id: string } & z.input<typeof acknowledgeBody>,
): Promise<void> {
  const body = acknowledgeBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const found = await ctx.db.alert.findUnique({ where: { id } })
  if (!found || !may(ctx.grants, 'incident.read', found.serviceId)) throw noSuchAlert('alert')
  const { serviceId } = found
  const attempt = { action: 'alert.acknowledge', subject: `alert/${id}`, serviceId, runId: null }
  await auditedAttempt(ctx, attempt, async () => {
    authorise(ctx, 'incident.acknowledge', serviceId)
    const state = await withTransaction(ctx.db, async (tx) => {
      const at = await databaseNow(tx)
      const { note } = body.data
      const moved = await tx.alert.updateMany({
        where: { id, state: 'firing' },
        data: { state: 'acknowledged', acknowledgedAt: at, acknowledgedBy: ctx.actor, acknowledgeNote: note },
      })
      if (moved.count === 0) return (await tx.alert.findUnique({ where: { id } }))?.state ?? 'gone'
      const message = `Acknowledged by ${actorName(ctx.actor)}.${note ? ` ${note}` : ''}`
      await tellAlert(tx, { alertId: id, serviceId, kind: 'acknowledge', message, at, actor: ctx.actor })
      await appendAudit(tx, { ...attempt, at, actor: ctx.actor, outcome: 'ok', data: { note, signal: found.signal } })
      return 'acknowledged'
    })
    if (state !== 'acknowledged')
      throw new ServiceError(
        'wrong-state',
        `The alert is ${state} already.`,
        'Nothing was changed.',
        'Reload the list.',
      )
  })
}
