import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { lockRun } from '@/server/db/repositories/runs'
import { withTransaction } from '@/server/db/tx'
import type { Context } from '../context'

const why = {
  awaiting_approval: 'Nobody decided in time; nothing was done.',
  approved: 'Its approval ran out before it was started; nothing was done.',
}

/**
 * Ends what nobody decided on, or started, in time; by the control database's clock. Each in a transaction of its own.
 * @returns ids of the runs that expired
 */
export async function expireRuns(ctx: Pick<Context, 'db' | 'actor'>): Promise<string[]> {
  const due = await ctx.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM run WHERE state IN ('awaiting_approval', 'approved') AND expires_at <= clock_timestamp()`
  const expired: string[] = []
  for (const { id } of due) if (await expire(ctx, id)) expired.push(id)
  return expired
}

async function expire(ctx: Pick<Context, 'db' | 'actor'>, runId: string): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    const run = await lockRun(tx, runId)
    const now = await databaseNow(tx)
    if (!run || run.expiresAt > now) return false
    const { state } = run
    if (state !== 'awaiting_approval' && state !== 'approved') return false
    const moved = await tx.run.updateMany({
      where: { id: runId, state },
      data: { state: 'expired', stateReason: why[state], endedAt: now, version: { increment: 1 } },
    })
    if (moved.count === 0) return false
    const about = { serviceId: run.serviceId, runId }
    await emitEvent(tx, { kind: 'run.changed', ...about, data: { state: 'expired' } })
    await appendAudit(tx, {
      at: now,
      actor: ctx.actor,
      action: 'run.expire',
      subject: `run/${runId}`,
      ...about,
      outcome: 'ok',
      data: { from: state, expiresAt: run.expiresAt.toISOString() },
    })
    return true
  })
}
