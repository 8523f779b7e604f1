import { type IncidentContext, moveIncident } from './move'

type Incident = { id: string; serviceId: string }

/** Good again, as users reach it, since `recoveredAt`. @returns false when another worker moved it first */
export async function recoverIncident(ctx: IncidentContext, incident: Incident, recoveredAt: string): Promise<boolean> {
  return moveIncident(ctx, {
    incidentId: incident.id,
    serviceId: incident.serviceId,
    from: ['confirmed'],
    set: { state: 'recovered', recoveredAt: new Date(recoveredAt) },
    action: 'incident.recover',
    message: `Good again as users reach it since ${recoveredAt}.`,
    data: { recoveredAt },
  })
}

/** The outage goes on after all: it was confirmed again before the incident was closed. */
export async function relapseIncident(ctx: IncidentContext, incident: Incident): Promise<boolean> {
  return moveIncident(ctx, {
    incidentId: incident.id,
    serviceId: incident.serviceId,
    from: ['recovered'],
    set: { state: 'confirmed', recoveredAt: null },
    action: 'incident.relapse',
    message: 'Failing again before it was closed.',
    data: {},
  })
}

/** Over: measured, or quiet for long enough. */
export async function closeIncident(ctx: IncidentContext, incident: Incident, reason: string): Promise<boolean> {
  return moveIncident(ctx, {
    incidentId: incident.id,
    serviceId: incident.serviceId,
    from: ['recovered'],
    set: { state: 'closed', closedAt: new Date(ctx.clock.now()) },
    action: 'incident.close',
    message: reason,
    data: {},
  })
}
