import type { JsonObject } from '@/server/domain/json'
import type { PlanPreview } from '@/server/queries/dto/run'
import { authorise, invalidInput } from '../authorise'
import type { Context } from '../context'
import { buildPlan, findKind } from './gather-facts'

/**
 * The plan as it would be if someone asked for it now, with what stands in its way. Nothing is kept.
 * @throws ServiceError not-found, invalid, not-runnable
 */
export async function previewPlan(
  ctx: Context,
  wanted: { service: string; kind: string; inputs: JsonObject },
): Promise<PlanPreview> {
  authorise(ctx, 'run.read', wanted.service)
  const inputs = findKind(wanted.kind).inputs.safeParse(wanted.inputs)
  if (!inputs.success) throw invalidInput(inputs.error.issues)
  const built = await buildPlan(ctx, ctx.db, wanted)
  const rehearsal = inputs.data.assume !== undefined
  return {
    plan: { ...built.plan, digest: built.digest },
    targets: {
      rtoSeconds: built.service.config.objectives.rtoSeconds,
      rpoSeconds: built.service.config.objectives.rpoSeconds,
    },
    runnable: built.blockers.length === 0 && !rehearsal,
    reasons: [
      ...(rehearsal ? ['It assumes that the primary is lost; a run is built from what is so.'] : []),
      ...built.blockers.map((each) => each.message),
    ],
  }
}
