import { factsByKind, type Observation, observationKinds } from '@/server/domain/observation'
import type { Tx } from '../tx'

/** The latest observations of a service, by kind, subject and vantage point. Facts that do not parse count as not learnt. */
export async function latestObservations(tx: Pick<Tx, 'observation'>, serviceId: string): Promise<Observation[]> {
  const rows = await tx.observation.findMany({ where: { serviceId } })
  return rows.flatMap((row) => {
    const kind = observationKinds.find((each) => each === row.kind)
    if (!kind) return []
    const parsed = row.facts === null ? null : factsByKind[kind].safeParse(row.facts)
    const unreadable = parsed !== null && !parsed.success
    return [
      {
        service: serviceId,
        kind,
        subject: row.subject,
        vantage: row.vantage,
        ok: row.ok && !unreadable,
        failure: row.failure ?? (unreadable ? 'what was learnt cannot be read' : null),
        observedAt: row.observedAt.toISOString(),
        intervalMs: row.intervalMs,
        facts: parsed?.success ? parsed.data : null,
      },
    ]
  })
}
