import { trackKey, unresolved } from '@/server/db/repositories/alerts'
import type { Tx } from '@/server/db/tx'
import type { IncidentContext } from '../incidents/move'
import { openAlert, resolveAlert } from './move'

/** Signals of alerts that come from an incident: `incident.` and its kind. */
export const incidentSignal = (kind: string): string => `incident.${kind}`

/** A confirmed incident is a critical alert until it is over. It was judged where it was opened, and is not judged again here. */
export async function followIncidents(ctx: IncidentContext, tx: Tx, serviceId: string, at: Date): Promise<void> {
  const incidents = await tx.incident.findMany({ where: { serviceId, state: 'confirmed' } })
  const open = await tx.alert.findMany({ where: { serviceId, cause: 'incident', state: unresolved } })
  const keys = new Set(open.map(trackKey))
  const wanted = incidents.map((each) => ({
    incident: each,
    key: { signal: incidentSignal(each.kind), subject: each.region ?? serviceId },
  }))
  for (const { incident, key } of wanted) {
    if (keys.has(trackKey(key))) continue
    const text = { title: incident.title, sentence: `${incident.title}. The incident is confirmed.` }
    const figure = { value: null, unit: '', href: `/incidents/${incident.id}` }
    const content = { cause: 'incident', severity: 'critical', state: 'firing', ...text, ...figure } as const
    await openAlert(tx, { serviceId, ...key }, content, at, ctx.actor)
  }
  const still = new Set(wanted.map(({ key }) => trackKey(key)))
  for (const alert of open) {
    if (!still.has(trackKey(alert))) await resolveAlert(tx, alert, 'The incident is over.', at, ctx.actor)
  }
}
