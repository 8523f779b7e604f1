import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { allServices } from '@/server/db/repositories/modes'
import { withTransaction } from '@/server/db/tx'
import { may, rolesWith } from '@/server/domain/rights'
import { authorise, invalidInput } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { reasonText } from './common'

export const killSwitchBody = z.strictObject({
  on: z.boolean(),
  /** `all` stops every service; it needs the right on every service. */
  scope: z.enum(['service', 'all']).default('service'),
  reason: reasonText,
})
type KillSwitchChange = z.input<typeof killSwitchBody> & { service: string }

/**
 * Stops what Lifeboat does by itself, at once, or allows it again. Turning it on never fails for being on already: whoever presses it must be able to lean on it.
 * A run that was opened by itself stops before its next step, unless it is past the point of no return.
 * @throws ServiceError forbidden, not-found, invalid
 */
export async function setKillSwitch(ctx: Context, { service, ...given }: KillSwitchChange): Promise<void> {
  const body = killSwitchBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const { on, scope, reason } = body.data
  authorise(ctx, 'service.read', service)
  const subject = scope === 'all' ? allServices : service
  const action = on ? 'kill-switch.turn-on' : 'kill-switch.turn-off'
  const serviceId = scope === 'all' ? null : service
  await auditedAttempt(ctx, { action, subject: `kill-switch/${subject}`, serviceId, runId: null }, async () => {
    authoriseSwitch(ctx, on, subject)
    await withTransaction(ctx.db, async (tx) => {
      const changedAt = await databaseNow(tx)
      const row = { on, reason, changedBy: ctx.actor, changedAt }
      await tx.killSwitch.upsert({ where: { scope: subject }, create: { scope: subject, ...row }, update: row })
      await emitEvent(tx, { kind: 'service.changed', serviceId, runId: null, data: { killSwitch: on } })
      await appendAudit(tx, {
        at: changedAt,
        actor: ctx.actor,
        action,
        subject: `kill-switch/${subject}`,
        serviceId,
        runId: null,
        outcome: 'ok',
        data: { on, reason },
      })
    })
  })
}

function authoriseSwitch(ctx: Context, on: boolean, subject: string): void {
  const right = on ? 'automatic.stop' : 'automatic.allow'
  if (may(ctx.grants, right, subject)) return
  const where = subject === allServices ? 'every service' : subject
  throw new ServiceError(
    'forbidden',
    `Turning the kill switch ${on ? 'on' : 'off'} needs the role ${rolesWith(right).join(' or ')} on ${where}.`,
    'The switch was left as it is.',
    'Ask someone with that role.',
  )
}
