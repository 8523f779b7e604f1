import type { Phase } from '../plan/types'

/** Instants of one event as they were recorded, never typed in; null when it has not happened or was not seen. */
export type MeasureFacts = {
  incident: { lastGoodAt: string | null; openedAt: string; confirmedAt: string | null; acknowledgedAt: string | null }
  run: { requestedAt: string; approvedAt: string | null; startedAt: string | null; endedAt: string | null }
  /** First good observation of the service as its users reach it, after the outage. */
  firstGoodAt: string | null
  /** When the run's own synthetic check succeeded. */
  verifiedAt: string | null
  probeIntervalMs: number
  /** Longest time without a look at either edge of the outage: looks come late on a busy day. null when it cannot be told. */
  edgeGapSeconds: number | null
  rpo: RpoFacts
}

export type RpoFacts = {
  /** Last position of the lost primary that anybody saw, and the position at which its successor branched off. */
  primaryLsnGapBytes: number | null
  /** Between the newest heartbeat seen on each side: what the missing bytes mean in time. */
  heartbeatGapSeconds: number | null
  /**
   * From the newest heartbeat that the successor had when it was promoted to the first look at which the old primary no longer
   * answered: it cannot have taken a write that is lost for longer than this. The upper bound.
   */
  boundSeconds: number | null
  /** Read from the old server's own WAL once it is readable again. */
  divergence: {
    bytes: number
    transactions: number
    seconds: number | null
    complete: boolean
    tables: { table: string; inserted: number; updated: number; deleted: number }[]
  } | null
}

export type Measured = {
  rtoSeconds: number | null
  rtoUncertaintySeconds: number | null
  lastGoodAt: string | null
  firstGoodAt: string | null
  phases: { phase: Phase; seconds: number | null; startedAt: string | null; endedAt: string | null }[]
  rpo: {
    certainty: 'exact' | 'bounded' | 'unknown'
    seconds: number | null
    bytes: number | null
    rows: number | null
    /** Committed transactions that only the old primary has; absent where they were not counted. */
    transactions?: number | null
    tables: { table: string; inserted: number; updated: number; deleted: number }[]
    note: string
    earlier: { certainty: string; seconds: number | null; bytes: number | null } | null
  }
}

/**
 * RTO: from the last good to the first verified-good observation of the service as its users reach it. The failure fell somewhere between
 * the last good look and the next one, and so did the recovery before the first good one: hence the uncertainty, never less than the probe interval.
 * The phases share the boundaries, so that they always add up to the whole.
 */
export function measureRun(facts: MeasureFacts): Measured {
  const { incident, run, firstGoodAt } = facts
  const start = incident.lastGoodAt
  const rtoSeconds = start && firstGoodAt ? secondsBetween(start, firstGoodAt) : null
  return {
    rtoSeconds,
    rtoUncertaintySeconds:
      rtoSeconds === null ? null : Math.max(facts.probeIntervalMs / 1000, facts.edgeGapSeconds ?? 0),
    lastGoodAt: start,
    firstGoodAt,
    phases: measurePhases(start, [
      ['detection', incident.confirmedAt ?? incident.openedAt],
      ['notification', earliest(incident.acknowledgedAt, run.requestedAt)],
      ['response', run.approvedAt],
      ['recovery', earliest(firstGoodAt, run.endedAt)],
      ['verification', firstGoodAt],
    ]),
    rpo: measureRpo(facts.rpo),
  }
}

/** A boundary that lies before the one that precedes it moves onto it: a phase never lasts less than nothing. */
function measurePhases(start: string | null, ends: [Phase, string | null][]): Measured['phases'] {
  let from = start
  return ends.map(([phase, end]) => {
    const startedAt = from
    const endedAt = end && startedAt && Date.parse(end) < Date.parse(startedAt) ? startedAt : end
    if (endedAt) from = endedAt
    return { phase, startedAt, endedAt, seconds: startedAt && endedAt ? secondsBetween(startedAt, endedAt) : null }
  })
}

export function measureRpo(facts: RpoFacts): Measured['rpo'] {
  const bounded = boundedRpo(facts)
  const { divergence } = facts
  if (!divergence) return bounded
  const rows = divergence.tables.reduce((sum, each) => sum + each.inserted + each.updated + each.deleted, 0)
  return {
    certainty: divergence.complete ? 'exact' : 'bounded',
    seconds: divergence.transactions === 0 ? 0 : divergence.seconds,
    bytes: divergence.bytes,
    rows,
    transactions: divergence.transactions,
    tables: divergence.tables,
    note: divergence.complete
      ? 'Read from the old primary’s own WAL past the point where its successor branched off.'
      : 'Part of the old primary’s WAL could not be read: at least this much.',
    earlier: { certainty: bounded.certainty, seconds: bounded.seconds, bytes: bounded.bytes },
  }
}

function boundedRpo(facts: RpoFacts): Measured['rpo'] {
  const none = { rows: null, tables: [], earlier: null }
  if (facts.primaryLsnGapBytes === null) {
    return {
      ...none,
      certainty: 'unknown',
      seconds: null,
      bytes: null,
      note: 'The last position of the old primary was never seen.',
    }
  }
  const bytes = Math.max(0, facts.primaryLsnGapBytes)
  return {
    ...none,
    certainty: 'bounded',
    bytes,
    seconds: facts.boundSeconds ?? facts.heartbeatGapSeconds,
    note: 'Time: at most this much. Bytes: up to the last position seen. Exact once the old primary can be read again.',
  }
}

function secondsBetween(from: string, to: string): number {
  return Math.round(Date.parse(to) - Date.parse(from)) / 1000
}

function earliest(...instants: (string | null)[]): string | null {
  return instants.reduce<string | null>(
    (best, each) => (each && (best === null || Date.parse(each) < Date.parse(best)) ? each : best),
    null,
  )
}
