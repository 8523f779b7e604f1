import { dropExpired, makePartitions } from '@/server/db/repositories/series'
import type { Context } from '@/server/services/context'

const dayMs = 24 * 3_600_000

/** Makes the partitions that the next days' samples and rollups fall into, so that none has to be made while they are written. */
export async function makeNextPartitions(ctx: Pick<Context, 'db' | 'clock'>): Promise<void> {
  const days = [0, 1, 2].map((ahead) => new Date(ctx.clock.now() + ahead * dayMs).toISOString())
  for (const tier of ['raw', 'minute', 'hour'] as const) await makePartitions(ctx.db, tier, days)
}

/** Drops whole partitions that lie past the keep of their tier. Gives up after two seconds when readers hold one; the next round tries again. @returns their names */
export async function dropOldPartitions(ctx: Pick<Context, 'db'>): Promise<string[]> {
  const dropped: string[] = []
  for (const tier of ['raw', 'minute', 'hour'] as const) dropped.push(...(await dropExpired(ctx.db, tier)))
  return dropped
}
