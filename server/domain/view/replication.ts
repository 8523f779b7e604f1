import { lsnDiffBytes } from '../lsn'
import type { Health } from './health'
import type { ServerJudgement } from './server'

type Side = Pick<ServerJudgement, 'now' | 'health'> & { id: string }
type Figure = { value: number | null; observedAt: string | null; health: Health; note: string | null }

export type ReplicationJudgement = {
  state: 'streaming' | 'broken' | 'none' | 'unknown'
  health: Health
  lagBytes: Figure
  lagSeconds: Figure
  from: string | null
  to: string | null
  slot: string | null
  observedAt: string | null
}

/**
 * A receiver keeps saying "streaming" on a dead link until its own time-out (60 s by default). The heartbeat writes WAL each second,
 * so ten silent seconds together with ten seconds of lag are a broken link, whatever it says.
 */
const silenceMs = 10_000

/**
 * Replication from the primary to the standby, from what both said lately. Never "caught up" by what the standby says of itself:
 * having applied all it received tells nothing of what it did not receive.
 */
export function judgeReplication(
  primary: Side | null,
  standby: Side | null,
  lagAlertSeconds: number,
): ReplicationJudgement {
  const lagSeconds = heartbeatLag(primary, standby, lagAlertSeconds)
  const state = stateOf(standby, lagSeconds.value)
  const broken = state === 'broken'
  const figure = (each: Figure): Figure => (broken && each.value !== null ? { ...each, health: 'down' } : each)
  return {
    state,
    health: broken ? 'down' : state === 'streaming' ? lagSeconds.health : state === 'none' ? 'degraded' : 'unknown',
    lagBytes: figure(byteLag(primary, standby, lagSeconds.health)),
    lagSeconds: figure(lagSeconds),
    from: primary?.id ?? null,
    to: standby?.id ?? null,
    slot: standby?.now?.facts.follows?.slot ?? null,
    observedAt: standby?.now?.observedAt ?? null,
  }
}

function stateOf(standby: Side | null, lagSeconds: number | null): ReplicationJudgement['state'] {
  const facts = standby?.now?.facts
  if (!standby) return 'none'
  if (!facts) return 'unknown'
  if (facts.state !== 'running' || facts.role !== 'standby') return facts.role === 'primary' ? 'none' : 'broken'
  if (facts.receiver?.status !== 'streaming') return facts.follows || facts.receiver ? 'broken' : 'none'
  const heard = facts.receiver.lastMessageAt
  const silent = heard !== null && Date.parse(facts.observedAt) - Date.parse(heard) > silenceMs
  return silent && lagSeconds !== null && lagSeconds * 1000 > silenceMs ? 'broken' : 'streaming'
}

const unknownFigure = (note: string): Figure => ({ value: null, observedAt: null, health: 'unknown', note })

function missing(primary: Side | null, standby: Side | null): string | null {
  if (!primary?.now) return 'The primary was not seen lately.'
  if (!standby?.now) return 'The standby was not seen lately.'
  return null
}

/**
 * Seconds by heartbeat: how much older the newest beat is that the standby has replayed than the newest that the primary has written.
 * The two are read at different moments, which is taken off; zero on an idle primary, growing on a broken link.
 */
function heartbeatLag(primary: Side | null, standby: Side | null, alertSeconds: number): Figure {
  const gap = missing(primary, standby)
  if (gap || !primary?.now || !standby?.now) return unknownFigure(gap ?? '')
  const written = primary.now.facts.heartbeat
  const replayed = standby.now.facts.heartbeat
  if (!written) return unknownFigure('The primary has written no heartbeat.')
  if (!replayed) return unknownFigure('The standby has replayed no heartbeat.')
  const readApartMs = Date.parse(primary.now.observedAt) - Date.parse(standby.now.observedAt)
  const behindMs = Date.parse(written.at) - Date.parse(replayed.at) - readApartMs
  const value = Math.round(Math.max(0, behindMs)) / 1000
  return {
    value,
    observedAt: standby.now.observedAt,
    health: value > alertSeconds ? 'degraded' : 'ok',
    note: value > alertSeconds ? `Above the alert of ${alertSeconds} s.` : null,
  }
}

/** Bytes from the primary's current position to what the standby has replayed; never negative, since the standby is read later. */
function byteLag(primary: Side | null, standby: Side | null, health: Health): Figure {
  const gap = missing(primary, standby)
  const current = primary?.now?.facts.currentLsn
  const replayed = standby?.now?.facts.replayedLsn
  if (gap || !current || !replayed) return unknownFigure(gap ?? 'A position is missing.')
  return {
    value: Math.max(0, lsnDiffBytes(current, replayed)),
    observedAt: standby?.now?.observedAt ?? null,
    health: health === 'unknown' ? 'ok' : health,
    note: null,
  }
}
