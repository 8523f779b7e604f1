/** A silence matches where each of its parts is `*` or the same. */
export type Silence = { serviceId: string; signal: string; subject: string; until: string; endedAt: string | null }

export type Silenceable = { serviceId: string; signal: string; subject: string }

/** What no silence keeps quiet: two writable primaries, by whichever way they were noticed. */
export const neverSilent: readonly string[] = ['writable-primaries', 'incident.two-primaries']

export function inForce(silence: Pick<Silence, 'until' | 'endedAt'>, nowMs: number): boolean {
  return silence.endedAt === null && Date.parse(silence.until) > nowMs
}

export function isSilenced(alert: Silenceable, silences: readonly Silence[], nowMs: number): boolean {
  if (neverSilent.includes(alert.signal)) return false
  return silences.some(
    (each) =>
      inForce(each, nowMs) &&
      (each.serviceId === '*' || each.serviceId === alert.serviceId) &&
      (each.signal === '*' || each.signal === alert.signal) &&
      (each.subject === '*' || each.subject === alert.subject),
  )
}
