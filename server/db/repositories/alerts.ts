import type { Track } from '@/server/domain/alerts/track'
import { signalStates } from '@/server/domain/thresholds/evaluate'
import type { Tx } from '../tx'

export type KeyedTrack = Track & { signal: string; subject: string }
export const trackKey = (each: { signal: string; subject: string }): string => `${each.signal}\n${each.subject}`

/** Holds every other evaluator of this service off until the transaction ends; false when one is at work. */
export async function tryEvaluating(tx: Tx, serviceId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<{ mine: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${`alerts/${serviceId}`}, 0)) AS mine`
  return rows[0]?.mine === true
}

export async function readTracks(tx: Tx, serviceId: string): Promise<Map<string, KeyedTrack>> {
  const rows = await tx.signalTrack.findMany({ where: { serviceId } })
  const ms = (at: Date | null): number | null => at?.getTime() ?? null
  return new Map(
    rows.map((row) => [
      trackKey(row),
      {
        signal: row.signal,
        subject: row.subject,
        state: signalStates.find((each) => each === row.state) ?? 'unknown',
        since: row.since.getTime(),
        okSince: ms(row.okSince),
        beyondSince: ms(row.beyondSince),
        criticalSince: ms(row.criticalSince),
        unknownSince: ms(row.unknownSince),
      },
    ]),
  )
}

export async function writeTrack(tx: Tx, serviceId: string, track: KeyedTrack): Promise<void> {
  const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))
  const { signal, subject, state } = track
  const row = {
    state,
    since: new Date(track.since),
    okSince: date(track.okSince),
    beyondSince: date(track.beyondSince),
    criticalSince: date(track.criticalSince),
    unknownSince: date(track.unknownSince),
  }
  await tx.signalTrack.upsert({
    where: { serviceId_signal_subject: { serviceId, signal, subject } },
    create: { serviceId, signal, subject, ...row },
    update: row,
  })
}

export const unresolved = { not: 'resolved' } as const
