import type { Track, Verdict } from './track'

export type AlertCause = 'threshold' | 'not-known' | 'incident' | 'anomaly'
export type AlertSeverity = 'warning' | 'critical'
export type AlertState = 'firing' | 'acknowledged' | 'resolved'

export type OpenAlert = { cause: AlertCause; severity: AlertSeverity; state: AlertState }
export type Move =
  | { kind: 'open' | 'raise' | 'lower' | 'change'; cause: AlertCause; severity: AlertSeverity; state: AlertState }
  | { kind: 'resolve' }

/**
 * What a verdict does to the alert of its key, or null for nothing. An alert that gets worse fires again though somebody acknowledged it: they said yes to
 * less. A critical alert whose source falls silent stays critical.
 */
export function decideAlert(
  open: OpenAlert | null,
  verdict: Verdict,
  track: Track,
  nowMs: number,
  clearMs: number,
): Move | null {
  if (verdict === 'wait') return null
  if (verdict === 'clear') return open ? { kind: 'resolve' } : null
  const cause: AlertCause = verdict === 'not-known' ? 'not-known' : 'threshold'
  if (!open) return { kind: 'open', cause, severity: verdict === 'critical' ? 'critical' : 'warning', state: 'firing' }
  if (verdict === 'critical' && open.severity !== 'critical')
    return { kind: 'raise', cause, severity: 'critical', state: 'firing' }
  const calmer = verdict === 'warning' && track.state === 'warn' && nowMs - track.since >= clearMs
  if (open.severity === 'critical' && calmer) return { kind: 'lower', cause, severity: 'warning', state: open.state }
  if (open.cause !== cause) return { kind: 'change', cause, severity: open.severity, state: open.state }
  return null
}
