import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { withTransaction } from '@/server/db/tx'
import type { Context } from '../context'

/**
 * Marks the windows whose time has come as ended, by the control database's clock. Several workers may ask at once: each window is ended by one.
 * @returns how many this call ended
 */
export async function endCommitWindows(ctx: Pick<Context, 'db' | 'actor'>): Promise<number> {
  const now = await databaseNow(ctx.db)
  const due = await ctx.db.commitWindow.findMany({ where: { state: 'open', endsAt: { lte: now } } })
  let count = 0
  for (const { runId, serviceId, fencedServerId } of due) {
    const ended = await withTransaction(ctx.db, async (tx) => {
      const moved = await tx.commitWindow.updateMany({
        where: { runId, state: 'open' },
        data: { state: 'ended', decidedAt: now, decidedBy: ctx.actor, reason: 'Its time ran out.' },
      })
      if (moved.count === 0) return false
      await emitEvent(tx, { kind: 'service.changed', serviceId, runId, data: { commitWindow: 'ended' } })
      await appendAudit(tx, {
        at: now,
        actor: ctx.actor,
        action: 'commit-window.end',
        subject: `service/${serviceId}`,
        serviceId,
        runId,
        outcome: 'ok',
        data: { serverId: fencedServerId, reason: 'its time ran out' },
      })
      return true
    })
    if (ended) count += 1
  }
  return count
}
