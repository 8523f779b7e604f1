import { may, rights } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { notFound } from './access'
import type { MeView } from './dto/records'

/** Who asks, and what they may do anywhere. @throws ServiceError not-found for a caller who is not a person */
export async function getMe(ctx: Context): Promise<MeView> {
  const user = await ctx.db.user.findUnique({ where: { id: ctx.actor.id } })
  if (!user) throw notFound('user')
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    grants: ctx.grants.map(({ role, service }) => ({ role, service })),
    rights: rights.filter((right) => may(ctx.grants, right, null)),
  }
}
