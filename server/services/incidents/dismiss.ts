import { type IncidentContext, moveIncident } from './move'

/** The second look found nothing. @returns false when another worker moved it first */
export async function dismissIncident(
  ctx: IncidentContext,
  incident: { id: string; serviceId: string },
  reason: string,
): Promise<boolean> {
  return moveIncident(ctx, {
    incidentId: incident.id,
    serviceId: incident.serviceId,
    from: ['open'],
    set: { state: 'dismissed', closedAt: new Date(ctx.clock.now()) },
    action: 'incident.dismiss',
    message: reason,
    data: {},
  })
}
