import type { Context } from '@/server/services/context'

/**
 * Gives back every lease that this worker holds, so that another one goes on at once instead of after the lease has run out. Only for a
 * process that ends right after: whatever it still has in flight carries a generation that the next holder outgrows.
 * @returns how many there were
 */
export async function handBackLeases(ctx: Pick<Context, 'db'>, holder: string): Promise<number> {
  const released = await ctx.db.serviceLease.updateMany({
    where: { holder },
    data: { holder: null, runId: null, expiresAt: null },
  })
  return released.count
}
