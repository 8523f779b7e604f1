import type { Context } from '@/server/services/context'
import type { SecondFactorView } from './dto/second-factor'

/** Whether the caller has a second factor; never anything of its secret. */
export async function getSecondFactor(ctx: Context): Promise<SecondFactorView> {
  const row = await ctx.db.secondFactor.findUnique({
    where: { userId: ctx.actor.id },
    select: { confirmedAt: true, atSignIn: true, backupHashes: true },
  })
  if (!row) return { state: 'none', confirmedAt: null, atSignIn: false, backupCodesLeft: 0 }
  return {
    state: row.confirmedAt ? 'enrolled' : 'begun',
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
    atSignIn: row.atSignIn,
    backupCodesLeft: row.backupHashes.length,
  }
}
