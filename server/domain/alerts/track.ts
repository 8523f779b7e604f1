import type { SignalState } from '../thresholds/evaluate'

/** Since when what has been so, in milliseconds of the epoch; null where it is not so. Kept, so that held-for goes on counting after a restart. */
export type Track = {
  state: SignalState
  since: number
  okSince: number | null
  /** Beyond a limit without having been seen fine in between: what is not known is no proof that it is over. */
  beyondSince: number | null
  criticalSince: number | null
  unknownSince: number | null
}

/** What a look at the signal says: the next track. `silentSinceMs` is when a stale source last spoke, null when it never did. */
export function advance(
  track: Track | null,
  state: SignalState,
  nowMs: number,
  silentSinceMs: number | null = null,
): Track {
  const since = track?.state === state ? track.since : nowMs
  const base = { state, since }
  switch (state) {
    case 'ok':
      return { ...base, okSince: track?.okSince ?? nowMs, beyondSince: null, criticalSince: null, unknownSince: null }
    case 'warn':
      return {
        ...base,
        okSince: null,
        beyondSince: track?.beyondSince ?? nowMs,
        criticalSince: null,
        unknownSince: null,
      }
    case 'critical':
      return {
        ...base,
        okSince: null,
        beyondSince: track?.beyondSince ?? nowMs,
        criticalSince: track?.criticalSince ?? nowMs,
        unknownSince: null,
      }
    default:
      return {
        ...base,
        okSince: null,
        beyondSince: track?.beyondSince ?? null,
        criticalSince: track?.criticalSince ?? null,
        unknownSince: track?.unknownSince ?? Math.min(nowMs, silentSinceMs ?? nowMs),
      }
  }
}

/** `wait`: nothing has lasted long enough to say anything new. */
export type Verdict = 'critical' | 'warning' | 'not-known' | 'clear' | 'wait'

export type Patience = { heldMs: number; staleAfterMs: number; clearMs: number }

/** What has lasted long enough to be acted on. What is not known never clears anything. */
export function verdictOf(track: Track, nowMs: number, { heldMs, staleAfterMs, clearMs }: Patience): Verdict {
  const lasted = (since: number | null, ms: number): boolean => since !== null && nowMs - since >= ms
  switch (track.state) {
    case 'ok':
      return lasted(track.okSince, clearMs) ? 'clear' : 'wait'
    case 'critical':
      if (lasted(track.criticalSince, heldMs)) return 'critical'
      return lasted(track.beyondSince, heldMs) ? 'warning' : 'wait'
    case 'warn':
      return lasted(track.beyondSince, heldMs) ? 'warning' : 'wait'
    default:
      return lasted(track.unknownSince, staleAfterMs) ? 'not-known' : 'wait'
  }
}

/** Fine for this long before an alert ends; longer for one that comes and goes, so that it is one alert and not twenty. */
export const usualClearMs = 30_000
export const flappingClearMs = 300_000
/** Opened this often within `flapWindowMs`, it flaps. */
export const flapCount = 3
export const flapWindowMs = 3_600_000

export function clearMsOf(openedLately: number): number {
  return openedLately >= flapCount ? flappingClearMs : usualClearMs
}
