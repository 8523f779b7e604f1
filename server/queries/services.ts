import type { Context } from '@/server/services/context'
import { notFound, requireAnywhere } from './access'
import type { ServiceSummary, ServiceView } from './dto/service'
import { recentLag } from './metrics'
import { rehearsedPlan } from './readiness'
import { loadServiceFacts } from './service-facts'
import { serviceView } from './service-view'

/** The services that the caller may read, by name. */
export async function listServices(ctx: Context): Promise<{ items: ServiceSummary[]; nextCursor: null }> {
  requireAnywhere(ctx, 'service.read')
  const all = await loadServiceFacts(ctx)
  const items = await Promise.all(
    all.map(async (facts) =>
      summary(serviceView(facts, await rehearsedPlan(ctx, facts.id), ctx.grants), await recentLag(ctx, facts.id)),
    ),
  )
  return { items, nextCursor: null }
}

/** @throws ServiceError not-found */
export async function getService(ctx: Context, id: string): Promise<ServiceView> {
  const [facts] = await loadServiceFacts(ctx, id)
  if (!facts) throw notFound('service')
  return serviceView(facts, await rehearsedPlan(ctx, facts.id), ctx.grants)
}

function summary(view: ServiceView, lagSecondsRecent: ServiceSummary['lagSecondsRecent']): ServiceSummary {
  const { id, name, mode, health, headline, writer, replication, readiness, incident, activeRun, observedAt } = view
  return {
    ...{ id, name, mode, health, headline, writer, replication, readiness, incident, activeRun, observedAt },
    regions: view.regions.map((region) => ({
      id: region.id,
      name: region.name,
      role: region.role,
      health: region.health,
      summary: region.summary,
    })),
    lagSecondsRecent,
  }
}
