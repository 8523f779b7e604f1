import type { JsonObject } from '@/server/domain/json'
import type { Plan } from '@/server/domain/plan/types'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { buildPlan } from '../runs/gather-facts'

/**
 * The plan that would be built if the primary's region died at this moment: the same facts and the same builder as for a real failover, so
 * that "ready" means what the wizard will say. null when no plan can be built from what is known.
 */
export async function rehearsedPlan(ctx: Context, service: string): Promise<Plan | null> {
  try {
    // While an outage is confirmed the question is no longer "what if": a standby that receives nothing is then what the plan is for.
    const lost = await ctx.db.incident.count({
      where: { serviceId: service, state: 'confirmed', region: { not: null } },
    })
    const inputs: JsonObject = lost > 0 ? {} : { assume: 'primary-lost' }
    return (await buildPlan(ctx, ctx.db, { service, kind: 'failover', inputs })).plan
  } catch (error) {
    // What the planner says of facts that it cannot use; a database that is away is another matter.
    if (error instanceof ServiceError || error instanceof TypeError) return null
    throw error
  }
}
