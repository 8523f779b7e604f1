import type { IncidentContext } from './move'
import { closeIncident } from './recover'

/** Closes what has recovered and was measured by a run: there is nothing more to wait for. */
export async function closeMeasuredIncidents(ctx: IncidentContext, serviceId: string): Promise<void> {
  const recovered = await ctx.db.incident.findMany({ where: { serviceId, kind: 'outage', state: 'recovered' } })
  for (const incident of recovered) {
    if (incident.measured !== null) await closeIncident(ctx, incident, 'Recovered, and measured by its run.')
  }
}
