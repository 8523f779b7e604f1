import type { Detection } from './detect'

/** An incident that is not over; at most one of a kind for a service. */
export type OpenIncident = { state: 'open' | 'confirmed' | 'recovered'; recoveredAt: string | null }

export type IncidentMove =
  | { do: 'nothing' }
  | { do: 'open' }
  | { do: 'confirm' }
  | { do: 'dismiss'; reason: string }
  | { do: 'recover'; recoveredAt: string }
  /** Failing again before it was closed: the same outage goes on. */
  | { do: 'relapse' }
  | { do: 'close'; reason: string }

/** A recovered incident is closed after this long without a failing look. */
export const quietMs = 60_000

/**
 * open → confirmed → recovered → closed, and open → dismissed. What cannot be seen moves nothing: `unknown` neither opens, confirms
 * nor ends an incident.
 */
export function nextIncidentMove(incident: OpenIncident | null, detection: Detection, nowMs: number): IncidentMove {
  const { state } = detection
  if (incident === null) return state === 'suspected' || state === 'confirmed' ? { do: 'open' } : { do: 'nothing' }
  if (incident.state === 'open') {
    if (state === 'confirmed') return { do: 'confirm' }
    if (state === 'ok' || state === 'recovered') return { do: 'dismiss', reason: dismissal(detection) }
    return { do: 'nothing' }
  }
  if (incident.state === 'confirmed') {
    if (state === 'recovered' && detection.recoveredAt) return { do: 'recover', recoveredAt: detection.recoveredAt }
    return { do: 'nothing' }
  }
  if (state === 'confirmed') return { do: 'relapse' }
  const quiet = incident.recoveredAt !== null && nowMs - Date.parse(incident.recoveredAt) >= quietMs
  if (quiet && (state === 'ok' || state === 'recovered'))
    return { do: 'close', reason: 'Good for a minute after it recovered.' }
  return { do: 'nothing' }
}

function dismissal(detection: Detection): string {
  const seen = new Set(detection.evidence.filter((each) => each.verdict === 'ok').map((each) => each.vantage))
  return `The next look was good from ${[...seen].join(' and ')}; it was not confirmed.`
}
