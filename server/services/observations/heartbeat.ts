import type { JsonObject } from '@/server/domain/json'
import type { Context } from '@/server/services/context'

export type WorkerIdentity = { id: string; vantage: string; startedAt: string }

/** Says that this worker is alive: one row a process, written each second. */
export async function beat(
  ctx: Pick<Context, 'db' | 'clock'>,
  worker: WorkerIdentity,
  detail: JsonObject,
): Promise<void> {
  const row = {
    kind: 'worker',
    vantage: worker.vantage,
    startedAt: new Date(worker.startedAt),
    seenAt: new Date(ctx.clock.now()),
    detail,
  }
  await ctx.db.processHeartbeat.upsert({ where: { id: worker.id }, create: { id: worker.id, ...row }, update: row })
}
