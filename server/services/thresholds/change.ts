import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findService } from '@/server/db/repositories/services'
import { type Tx, withTransaction } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import { limitsProblem } from '@/server/domain/thresholds/evaluate'
import { type SignalId, signalIds, signalOf } from '@/server/domain/thresholds/table'
import { authorise, invalidInput, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { reasonText } from '../mode/common'

export const signalName = z.enum(signalIds)
export const limitsBody = z.strictObject({ warn: z.number(), critical: z.number(), reason: reasonText })
export const resetBody = z.strictObject({ reason: reasonText })

type About = { service: string; signal: SignalId }

/**
 * Sets a service's own limits for one signal. What held before is kept beside them.
 * @throws ServiceError invalid (warn beyond critical, not finite, out of range, fixed signal), forbidden, not-found
 */
export async function changeThreshold(ctx: Context, { service, signal, ...given }: About & z.input<typeof limitsBody>) {
  const body = limitsBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  const { warn, critical, reason } = body.data
  const problem = limitsProblem(signalOf(signal), { warn, critical })
  if (problem) throw invalidInput([{ path: [problem.path], message: problem.message }])
  await changing(ctx, { service, signal }, async (tx, at) => {
    const before = await tx.thresholdOverride.findUnique({
      where: { serviceId_signal: { serviceId: service, signal } },
    })
    const row = {
      ...{ warn, critical, reason, changedBy: ctx.actor, changedAt: at },
      previousWarn: before?.warn ?? null,
      previousCritical: before?.critical ?? null,
    }
    await tx.thresholdOverride.upsert({
      where: { serviceId_signal: { serviceId: service, signal } },
      create: { serviceId: service, signal, ...row },
      update: row,
    })
    return { warn, critical, reason, previous: before ? { warn: before.warn, critical: before.critical } : null }
  })
}

/** Back to the default. Harmless when it is the default already. @throws ServiceError forbidden, not-found, invalid */
export async function resetThreshold(ctx: Context, { service, signal, ...given }: About & z.input<typeof resetBody>) {
  const body = resetBody.safeParse(given)
  if (!body.success) throw invalidInput(body.error.issues)
  await changing(ctx, { service, signal }, async (tx) => {
    const before = await tx.thresholdOverride.findUnique({
      where: { serviceId_signal: { serviceId: service, signal } },
    })
    await tx.thresholdOverride.deleteMany({ where: { serviceId: service, signal } })
    const previous = before ? { warn: before.warn, critical: before.critical } : null
    return { reset: true, reason: body.data.reason, previous }
  })
}

async function changing(ctx: Context, { service, signal }: About, write: (tx: Tx, at: Date) => Promise<JsonObject>) {
  const subject = `threshold/${service}/${signal}`
  const about = { serviceId: service, runId: null }
  await auditedAttempt(ctx, { action: 'threshold.change', subject, ...about }, async () => {
    authorise(ctx, 'config.apply', service)
    await withTransaction(ctx.db, async (tx) => {
      if (!(await findService(tx, service))) throw notFound('service')
      // One change of a signal at a time, so that the kept previous limits are those that really held.
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${subject}, 0))::text`
      const at = await databaseNow(tx)
      const data = await write(tx, at)
      await emitEvent(tx, { kind: 'service.changed', ...about, data: { threshold: signal } })
      await appendAudit(tx, {
        at,
        actor: ctx.actor,
        action: 'threshold.change',
        subject,
        ...about,
        outcome: 'ok',
        data,
      })
    })
  })
}
