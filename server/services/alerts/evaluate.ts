import {
  type KeyedTrack,
  readTracks,
  trackKey,
  tryEvaluating,
  unresolved,
  writeTrack,
} from '@/server/db/repositories/alerts'
import { databaseNow } from '@/server/db/repositories/clock'
import { latestObservations } from '@/server/db/repositories/observations'
import { findService } from '@/server/db/repositories/services'
import { type Tx, withTransaction } from '@/server/db/tx'
import { decideAlert, type OpenAlert } from '@/server/domain/alerts/decide'
import { advance, clearMsOf, flapWindowMs, type Track, verdictOf } from '@/server/domain/alerts/track'
import { alertSentence } from '@/server/domain/alerts/words'
import { type JudgedSignal, judgeSignal } from '@/server/domain/thresholds/judge'
import { isGone, readSignals, type SignalFacts } from '@/server/domain/thresholds/readings'
import { signalOf } from '@/server/domain/thresholds/table'
import { endAnomalyAlerts } from '../anomalies/end-alerts'
import type { IncidentContext } from '../incidents/move'
import { followIncidents } from './follow-incidents'
import { changeAlert, openAlert, resolveAlert } from './move'

type Found = OpenAlert & { id: string; signal: string; subject: string; serviceId: string }
type Round = {
  ctx: IncidentContext
  tx: Tx
  serviceId: string
  at: Date
  tracks: Map<string, KeyedTrack>
  open: Map<string, Found>
  openedLately: Map<string, number>
}

/**
 * Judges every signal of a service and moves its alerts, in one transaction that no other evaluator of the service shares. Times are the control database's:
 * a worker whose clock is off opens nothing early.
 * @returns false when another worker was at it, or the service is not there
 */
export async function evaluateAlerts(ctx: IncidentContext, serviceId: string): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    if (!(await tryEvaluating(tx, serviceId))) return false
    const service = await findService(tx, serviceId)
    if (!service) return false
    const at = await databaseNow(tx)
    const facts: SignalFacts = {
      config: service.config,
      writerServerId: service.writer?.serverId ?? null,
      observations: await latestObservations(tx, serviceId),
      nowMs: ctx.clock.now(),
    }
    const overrides = await tx.thresholdOverride.findMany({ where: { serviceId } })
    const judged = readSignals(facts).map((each) => judgeSignal(each, service.config, overrides, facts.nowMs))
    const round = await beginRound(ctx, tx, serviceId, at)
    for (const each of judged) await follow(round, each)
    await endGone(round, facts, judged)
    await followIncidents(ctx, tx, serviceId, at)
    await endAnomalyAlerts(ctx, tx, serviceId, at)
    return true
  })
}

async function beginRound(ctx: IncidentContext, tx: Tx, serviceId: string, at: Date): Promise<Round> {
  const rows = await tx.alert.findMany({ where: { serviceId, state: unresolved } })
  const lately = await tx.alert.groupBy({
    by: ['signal', 'subject'],
    where: { serviceId, openedAt: { gt: new Date(at.getTime() - flapWindowMs) } },
    _count: true,
  })
  const open = rows.map((row): [string, Found] => [
    trackKey(row),
    {
      id: row.id,
      serviceId,
      signal: row.signal,
      subject: row.subject,
      cause: row.cause === 'not-known' ? 'not-known' : 'threshold',
      severity: row.severity === 'critical' ? 'critical' : 'warning',
      state: row.state === 'acknowledged' ? 'acknowledged' : 'firing',
    },
  ])
  const openedLately = new Map(lately.map((each) => [trackKey(each), each._count]))
  return { ctx, tx, serviceId, at, tracks: await readTracks(tx, serviceId), open: new Map(open), openedLately }
}

async function follow(round: Round, judged: JudgedSignal): Promise<void> {
  const { tx, serviceId, at, ctx } = round
  const nowMs = at.getTime()
  const { signal, subject } = judged
  const key = trackKey(judged)
  const before = round.tracks.get(key) ?? null
  const track = advance(before, judged.state, nowMs, judged.at === null ? null : Date.parse(judged.at))
  if (!same(before, track)) await writeTrack(tx, serviceId, { signal, subject, ...track })
  const { heldMs, staleAfterMs } = signalOf(signal)
  const clearMs = clearMsOf(round.openedLately.get(key) ?? 0)
  const verdict = verdictOf(track, nowMs, { heldMs, staleAfterMs, clearMs })
  const found = round.open.get(key) ?? null
  const move = decideAlert(found, verdict, track, nowMs, clearMs)
  if (!move) return
  if (move.kind === 'resolve') {
    if (found) await resolveAlert(tx, found, `${judged.title} of ${subject} is within its limits again.`, at, ctx.actor)
    return
  }
  const { kind, ...moved } = move
  const content = { ...moved, ...textOf(round.serviceId, judged) }
  if (kind === 'open') await openAlert(tx, { serviceId, signal, subject }, content, at, ctx.actor)
  else if (found) await changeAlert(tx, { id: found.id, serviceId, kind }, content, at, ctx.actor)
}

function textOf(serviceId: string, judged: JudgedSignal) {
  return {
    title: `${judged.title}: ${judged.subject}`,
    sentence: alertSentence(judged),
    value: judged.value,
    unit: judged.unit,
    href: `/services/${serviceId}${signalOf(judged.signal).page}`,
  }
}

/** Subjects that are no longer there. A source that fell silent is not among them: what it was last seen to have may still be so. */
async function endGone(round: Round, facts: SignalFacts, judged: readonly JudgedSignal[]): Promise<void> {
  const made = new Set(judged.map(trackKey))
  const { tx, serviceId, at, ctx } = round
  const nowMs = at.getTime()
  for (const [key, track] of round.tracks) {
    if (made.has(key)) continue
    const { signal, subject } = track
    if (!isGone(facts, subject)) {
      await writeTrack(tx, serviceId, { signal, subject, ...advance(track, 'unknown', nowMs) })
      continue
    }
    await tx.signalTrack.deleteMany({ where: { serviceId, signal, subject } })
    const found = round.open.get(key)
    if (found) await resolveAlert(tx, found, `${subject} is not there any more.`, at, ctx.actor)
  }
}

/** A track changes only with its state: otherwise nothing is written each five seconds. */
function same(a: Track | null, b: Track): boolean {
  return (
    a !== null &&
    a.state === b.state &&
    a.since === b.since &&
    a.okSince === b.okSince &&
    a.beyondSince === b.beyondSince &&
    a.criticalSince === b.criticalSince &&
    a.unknownSince === b.unknownSince
  )
}
