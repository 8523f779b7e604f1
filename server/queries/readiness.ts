import type { Plan } from '@/server/domain/plan/types'
import type { Context } from '@/server/services/context'
import { ServiceError } from '@/server/services/errors'
import { buildPlan } from '@/server/services/runs/gather-facts'

/**
 * The plan that would be built if the primary's region died at this moment: the same facts and the same builder as for a real failover, so
 * that "ready" means what the wizard will say. null when no plan can be built from what is known.
 */
export async function rehearsedPlan(ctx: Context, service: string): Promise<Plan | null> {
  try {
    return (await buildPlan(ctx, ctx.db, { service, kind: 'failover', inputs: { assume: 'primary-lost' } })).plan
  } catch (error) {
    // What the planner says of facts that it cannot use; a database that is away is another matter.
    if (error instanceof ServiceError || error instanceof TypeError) return null
    throw error
  }
}
