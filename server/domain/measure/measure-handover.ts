import type { Measured } from './measure-run'

/** What the steps of a planned handover wrote down; null for what has not happened. */
export type HandoverFacts = {
  stop: { begunAt: string; shutdownLsn: string }
  /** The candidate's proof that it has the old primary's last record. */
  proof: { candidateReplayedLsn: string } | null
  promotedAt: string | null
  writableAt: string | null
  /** When the old primary was proved to take writes again; set when the handover was taken back. */
  takenBackAt: string | null
}

/**
 * What planned work cost. Time: from the moment the stop was asked for to the first write that was proved, so the true outage is at most this. Loss: zero, and
 * exactly so, by the proof that allowed the promotion; or because nothing was promoted. null while neither end has been reached.
 */
export function measureHandover(facts: HandoverFacts): Measured | null {
  const { stop, proof, writableAt, takenBackAt } = facts
  const end = writableAt ?? takenBackAt
  if (end === null || (writableAt !== null && proof === null)) return null
  const turn = writableAt === null ? null : facts.promotedAt
  return {
    rtoSeconds: seconds(stop.begunAt, end),
    rtoUncertaintySeconds: null,
    lastGoodAt: stop.begunAt,
    firstGoodAt: end,
    phases: [
      { phase: 'recovery', startedAt: stop.begunAt, endedAt: turn ?? end, seconds: seconds(stop.begunAt, turn ?? end) },
      ...(turn === null
        ? []
        : [{ phase: 'verification' as const, startedAt: turn, endedAt: end, seconds: seconds(turn, end) }]),
    ],
    rpo: { certainty: 'exact', seconds: 0, bytes: 0, rows: 0, tables: [], note: noteOf(facts), earlier: null },
  }
}

function noteOf({ stop, proof, writableAt }: HandoverFacts): string {
  return writableAt !== null && proof !== null
    ? `Nothing was lost: the old primary’s last record begins at ${stop.shutdownLsn}, and the new one had replayed up to ${proof.candidateReplayedLsn} before it was promoted.`
    : 'Nothing was lost: nothing was promoted, and the old primary took writes again.'
}

/** Never less than nothing: two workers’ clocks may differ when one took the run over from the other. */
function seconds(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000
}
